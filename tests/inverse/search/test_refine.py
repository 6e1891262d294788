"""Refinement: it finds poses from near, and rotations from anywhere, and never makes worse."""

from functools import partial

import numpy as np
import pytest

from airscene.evaluation.metrics.poses import rotation_errors
from airscene.graphics import Likelihood, PlaneRenderer, RenderPool, SceneBatch, World
from airscene.inverse.search.refine import BEFORE, ROUNDS, TURNS, refine, score_by

# A disc looks the same from all sides; a square after quarter turns, a triangle after thirds.
WORLD = World(
    mjcf="", types=("disc", "square", "triangle"), camera="", n_slots=2, symmetry=(0, 4, 3)
)


@pytest.fixture(scope="module")
def case(shapes):
    """Scenes, and what was found from poses a few steps off, turned anyhow."""
    with RenderPool(partial(PlaneRenderer, (32, 32)), workers=1) as pool:
        truth = shapes(60, seed=5)
        # Apart, so that none hides the other.
        truth.poses[:, 0, :2] = truth.poses[:, 0, :2] * [0.4, 1.0] - [0.5, 0.0]
        truth.poses[:, 1, :2] = truth.poses[:, 1, :2] * [0.4, 1.0] + [0.5, 0.0]
        rng = np.random.default_rng(0)
        off = rng.uniform(-1.0, 1.0, truth.poses.shape) * [0.04, 0.04, np.pi]
        start = SceneBatch.of(truth.types, truth.poses + off)
        drawn, inner = [], score_by(pool, pool.render(truth), Likelihood(0.5, 0.1))

        def score(scenes, which):
            drawn.append(len(scenes))
            return inner(scenes, which)

        found = refine(start, score, WORLD)
        every = np.arange(len(truth))
        yield truth, start, found, sum(drawn), (inner(start, every), inner(found, every))


def test_it_comes_near(case):
    truth, start, found, _, _ = case
    there = truth.present
    gaps = np.abs(found.poses - truth.poses)[..., :2][there]
    assert np.median(gaps) < 0.005 and gaps.max() < 0.05
    for kind in (1, 2):
        errors = rotation_errors(
            truth.poses[..., 2][truth.types == kind],
            found.poses[..., 2][truth.types == kind],
            WORLD.symmetry[kind],
        )
        assert np.median(errors) < 2.0 and (errors < 8.0).mean() > 0.95
    assert np.abs(found.poses[..., 2]).max() <= np.pi


def test_it_never_makes_worse_and_keeps_the_rest(case):
    truth, start, found, _, (before, after) = case
    assert (after >= before - 1e-6).all() and np.median(after - before) > 1.0
    np.testing.assert_array_equal(found.types, truth.types)
    rest, discs = ~truth.present, truth.types == 0
    np.testing.assert_array_equal(found.poses[rest, :2], start.poses[rest, :2])
    wrapped = (start.poses[..., 2] + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_array_equal(found.poses[rest | discs, 2], wrapped[rest | discs])


def test_renders_are_counted(case):
    truth, _, _, drawn, _ = case
    discs, others = (truth.types == 0).sum(), (truth.types > 0).sum()
    # The scene as it is, and the other rotations of each object.
    each = 4 * BEFORE + TURNS - 1 + 6 * ROUNDS
    assert drawn == len(truth) + discs * 4 * (BEFORE + ROUNDS) + others * each


def test_scenes_without_objects(case):
    truth = case[0]
    empty = SceneBatch.of(np.full_like(truth.types[:2], -1), truth.poses[:2])
    found = refine(empty, lambda scenes, which: np.zeros(len(which)), WORLD)
    assert not found.present.any()
