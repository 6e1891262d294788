"""The measure of a policy: it finds the rule that made the order, and finds none in chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from airscene.evaluation import foretell, pairs_taken
from airscene.evaluation.metrics.policy import (
    FOLDS,
    direction,
    logistic_weights,
    rayleigh,
    taken,
)
from airscene.images import LabelledScenes, load_digits, multi_mnist


@pytest.fixture(scope="module")
def scenes() -> LabelledScenes:
    return multi_mnist(load_digits("test", "bundled"), 1200, seed=3, counts=(1, 2, 2))


def described(scenes, score):
    """The pairs of a model that takes the object of higher score first, its boxes nearly true.

    `score` is a function of the box, the label and the random numbers.
    """
    rng = np.random.default_rng(0)
    found = np.zeros((len(scenes), 3, 4), np.float32)
    for i in np.flatnonzero(scenes.counts == 2):
        scores = [score(scenes.boxes[i, k], scenes.labels[i, k], rng) for k in range(2)]
        found[i, :2] = scenes.boxes[i, np.argsort(scores)[::-1]] + rng.normal(0, 1, 4)
    return pairs_taken(scenes, scenes.counts, found)


def side(box, label, rng):
    return box[0] + box[2] + 0.5 * (box[1] + box[3])


def centre_first(box, label, rng):
    return -np.hypot((box[0] + box[2]) / 2 - 20, (box[1] + box[3]) / 2 - 28)


def largest(box, label, rng):
    return (box[2] - box[0]) * (box[3] - box[1])


def by_class(box, label, rng):
    return label + 0.1 * rng.random()


def chance(box, label, rng):
    return rng.random()


@pytest.mark.parametrize(
    ("score", "found", "not_found"),
    [
        (side, ("position", "position_quadratic", "all"), ("class",)),
        (centre_first, ("position_quadratic", "all"), ("class",)),
        (largest, ("size", "all"), ("position",)),
        (by_class, ("class", "all"), ("position",)),
        (chance, (), ("position", "position_quadratic", "class", "size", "all")),
    ],
)
def test_the_rule_that_made_the_order_is_found(scenes, score, found, not_found):
    pairs = described(scenes, score)
    assert all(len(features) == (scenes.counts == 2).sum() for features in pairs.values())
    for group in found:
        # Of pairs of one class, a tenth, a rule by class leaves half to chance.
        assert foretell(pairs[group]).accuracy > 0.9
    for group in not_found:
        rule = foretell(pairs[group])
        assert rule.standard_error == pytest.approx(0.5 / np.sqrt(len(pairs[group])), rel=0.1)
        assert abs(rule.accuracy - 0.5) < 4 * rule.standard_error


def test_only_scenes_of_two_with_two_found_count(scenes):
    inferred = scenes.counts.copy()
    inferred[::3] += 1
    pairs = pairs_taken(scenes, inferred, scenes.boxes)
    right = (scenes.counts == 2) & (inferred == 2)
    assert len(pairs["position"]) == right.sum() < (scenes.counts == 2).sum()


def test_features_change_sign_when_the_objects_change_places(scenes):
    one = pairs_taken(scenes, scenes.counts, scenes.boxes)
    other = pairs_taken(scenes, scenes.counts, scenes.boxes[:, ::-1])
    for group, features in one.items():
        assert np.array_equal(features, -other[group]), group
        assert features.any(axis=0).all(), group


@pytest.mark.parametrize("channels", [(), (3,)])
def test_features_are_those_of_the_objects(channels):
    images = np.zeros((1, 20, 40, *channels), np.uint8)
    images[0, 2:6, 10:13], images[0, 10:20, 30:40] = 100, 7
    boxes = np.array([[[10, 2, 13, 6], [30, 10, 40, 20]]], np.float32)
    truth = LabelledScenes(images, np.array([2]), np.array([[0, 2]]), boxes, "made by hand")
    pairs = pairs_taken(truth, np.array([2]), boxes[:, ::-1] + 1)
    assert np.allclose(pairs["position"], [[(35 - 11.5) / 20, (15 - 4) / 10]])
    assert pairs["class"].tolist() == [[-1, 0, 1]]
    ink = images[0].sum() - 2 * images[0, :10].astype(int).sum()
    assert ink == (700 - 1200) * (3 if channels else 1)
    assert pairs["size"].tolist() == [[10 - 3, 10 - 4, 100 - 12, ink]]
    (x, y), (u, v) = (0.75, 0.5), (-0.425, -0.6)
    expected = [x - u, y - v, x * x - u * u, x * y - u * v, y * y - v * v, x * v - y * u]
    assert np.allclose(pairs["position_quadratic"], [expected])


@given(st.lists(st.integers(0, 50), min_size=16, max_size=16))
def test_objects_are_paired_as_an_assignment_would(numbers):
    found, true = np.array(numbers, float).reshape(2, 1, 2, 4)

    def cost(order):
        apart = (found[0] - true[0][list(order)]).reshape(2, 2, 2).sum(axis=1) / 2
        return np.square(apart).sum()

    (order,) = taken(found, true)
    best = min(itertools.permutations(range(2)), key=cost)
    assert cost(order) == pytest.approx(cost(best))
    distance = [[np.square(f - t).sum() for t in centres(true[0])] for f in centres(found[0])]
    rows, columns = linear_sum_assignment(distance)
    assert cost(order) == pytest.approx(np.array(distance)[rows, columns].sum())


def centres(boxes):
    return boxes.reshape(2, 2, 2).sum(axis=1) / 2


def test_weights_are_where_the_penalised_likelihood_is_highest():
    rng = np.random.default_rng(1)
    pairs = rng.normal(0.3, 1, (80, 3)) * [1, 10, 0.1]
    scale = np.sqrt(np.square(pairs).mean(axis=0))

    def objective(w):
        return -np.log1p(np.exp(-pairs @ w)).sum() - np.square(w * scale).sum() / 2

    w = logistic_weights(pairs)
    for nudge in np.diag(1e-3 / scale):
        assert objective(w) > max(objective(w + nudge), objective(w - nudge))


def test_pairs_that_can_be_separated_have_finite_weights():
    pairs = np.column_stack([np.linspace(0.1, 3, 40), np.zeros(40)])
    w = logistic_weights(pairs)
    assert np.isfinite(w).all() and w[0] > 0 and w[1] == 0
    assert foretell(pairs) == (1.0, 0.0)
    # What the features do not tell apart is half right.
    assert foretell(np.zeros((FOLDS, 2))) == (0.5, 0.0)


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, -2.0])
def test_the_direction_is_that_of_the_order(angle):
    """Of objects whose order is their place along a direction."""
    rng = np.random.default_rng(0)
    apart = rng.normal(size=(4000, 2))
    along = apart @ np.array([np.cos(angle), np.sin(angle)])
    first_less_second = apart * np.sign(along)[:, None]
    found = direction(first_less_second)
    assert abs(np.angle(np.exp(1j * (found - angle)))) < 0.05


def test_p_values_of_uniform_directions_are_uniform():
    rng = np.random.default_rng(1)
    p = np.array([rayleigh(angles) for angles in rng.uniform(-np.pi, np.pi, (2000, 20))])
    for level in (0.05, 0.2, 0.5):
        error = np.sqrt(level * (1 - level) / len(p))
        assert abs((p < level).mean() - level) < 4 * error
    # Left or right: no side is preferred, an axis is.
    sides = np.pi * (np.arange(20) % 2) + rng.normal(0, 0.2, 20)
    assert rayleigh(sides) > 0.5 and rayleigh(2 * sides) < 1e-6
