"""Metrics: what is right is right in any order, what is wrong is counted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.evaluation.metrics.poses import rotation_errors, scene_metrics
from airscene.graphics import SINGLE_OBJECT, TABLETOP_CAMERA, SceneBatch


def scenes(types, poses, camera=None):
    return SceneBatch.of(np.array(types), np.array(poses, float), camera)


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_the_order_of_slots_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    truth = scenes(rng.integers(-1, 3, (20, 3)), rng.uniform(-1, 1, (20, 3, 3)))
    order = rng.permuted(np.tile(np.arange(3), (20, 1)), axis=1)
    shuffled = scenes(
        np.take_along_axis(truth.types, order, 1),
        np.take_along_axis(truth.poses, order[..., None], 1),
    )
    measured = scene_metrics(truth, shuffled, TABLETOP_CAMERA)
    assert measured["count_accuracy"] == measured["types_accuracy"] == 1.0
    assert measured["identity_accuracy"] == 1.0 and measured["position_error"] == 0.0


def test_figures_by_hand():
    truth = scenes(
        [[0, 1, -1], [2, -1, -1]],
        [[[0, 0, 0.1], [0.5, 0, 1], [0] * 3], [[0, 0, 3], [0] * 3, [0] * 3]],
        np.array([[0.1], [-0.2]]),
    )
    found = scenes(
        [[1, -1, 0], [2, 0, -1]],
        [[[0.5, 0.2, 1.2], [0] * 3, [0, 0.1, 0]], [[0, 0.04, 0], [0.6, 0, 0], [0] * 3]],
        np.array([[0.2], [-0.2]]),
    )
    measured = scene_metrics(truth, found, TABLETOP_CAMERA)
    assert measured["count_accuracy"] == measured["types_accuracy"] == 0.5
    assert measured["identity_accuracy"] == 1.0
    assert measured["position_error"] == pytest.approx(0.1 / 2)
    assert measured["position_error_mean"] == pytest.approx((0.1 + 0.2 + 0.04) / 3 / 2)
    assert measured["position_error_95"] == pytest.approx((0.1 + 0.9 * 0.1) / 2)
    assert measured["rotation_error_cup"] == pytest.approx(np.degrees(0.1))
    assert measured["rotation_error_pan"] == pytest.approx(np.degrees(0.2))
    assert "rotation_error_plate" not in measured
    assert measured["camera_error"] == pytest.approx(np.degrees(0.05))


def test_nothing_there_and_nothing_found():
    nothing = scenes([[-1]], [[[0] * 3]])
    assert scene_metrics(nothing, nothing, SINGLE_OBJECT) == {
        "count_accuracy": 1.0,
        "types_accuracy": 1.0,
    }


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(1, 6), st.integers(-5, 5))
def test_rotation_errors_are_modulo_the_symmetry(a, b, symmetry, turns):
    error = rotation_errors(np.array([a]), np.array([b]), symmetry)
    turned = np.array([b + turns * 2 * np.pi / symmetry])
    np.testing.assert_allclose(rotation_errors(np.array([a]), turned, symmetry), error, atol=1e-6)
    assert 0 <= error[0] <= 180 / symmetry + 1e-9
    assert error[0] <= np.degrees(abs(a - b)) + 1e-9


def test_a_region_that_is_not_square():
    # Half a metre off in y is nearer than a metre off in x, whatever share of the side it is.
    world = replace(SINGLE_OBJECT, half_size=(2.0, 0.5))
    truth = scenes([[0, 0]], [[[0, 0, 0], [0.5, 1, 0]]])
    found = scenes([[0, -1]], [[[0, 1, 0], [0] * 3]])
    measured = scene_metrics(truth, found, world)
    assert measured["position_error"] == pytest.approx(0.5 / 4.0)
