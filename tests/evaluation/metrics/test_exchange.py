"""The test of exchangeability, where it is known whether objects are exchangeable."""

import numpy as np
import pytest
from scipy.stats import kstest

from airscene.evaluation.metrics.exchange import told_apart

MANY, PERMUTATIONS = 100, 59


def codes(rng, pairs=60, features=4):
    """Codes of two objects of a scene: exchangeable, and neither independent nor normal."""
    shared = rng.normal(size=(pairs, 1, features))
    return np.exp(shared + rng.normal(size=(pairs, 2, features)))


def from_the_left(rng, pairs=60):
    """Places of objects of which the left one is found first, and codes that depend on place."""
    place = np.sort(rng.normal(size=(pairs, 2, 1)), axis=1)
    return place * [1.0, -2.0] + rng.normal(size=(pairs, 2, 2)), place


def p_values(make, many=MANY):
    rng = np.random.default_rng(0)
    return np.array([told_apart(*make(rng), PERMUTATIONS, seed).p for seed in range(many)])


@pytest.mark.parametrize("make", [lambda rng: (codes(rng), None), from_the_left])
def test_p_is_uniform_where_objects_are_exchangeable(make):
    found = p_values(make)
    for level in (0.05, 0.1, 0.25, 0.5):
        # The accuracy of 60 pairs takes few values: ties make p too large, never too small.
        error = np.sqrt(level * (1 - level) / MANY)
        assert np.mean(found <= level) < level + 3 * error
    # The 99.9th percentile of the statistic, 1.95 / sqrt(n), and what ties add.
    assert kstest(found, "uniform").statistic < 1.95 / np.sqrt(MANY) + 0.05


def test_p_is_small_where_they_are_not():
    larger = np.array([[0.8], [0.0]])
    assert np.mean(p_values(lambda rng: (codes(rng) * np.exp(larger), None), 30) < 0.05) > 0.8


def test_place_is_found_and_taken_away():
    rng = np.random.default_rng(3)
    z, place = from_the_left(rng, 1000)
    assert told_apart(z).p == 1 / 200
    assert told_apart(z, place).p > 0.02
    # Where codes of the first are others than place says, it is found.
    z[:, 0] += [0.5, 0.0]
    assert told_apart(z, place).p == 1 / 200


def test_accuracy_is_that_of_the_best_rule():
    """Of normal codes apart by 2 deviations of their difference, the best rule errs in 2.3%."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4000, 2, 3)) / np.sqrt(2.0)
    z[:, 0] += [2.0, 0.0, 0.0]
    told = told_apart(z, permutations=99)
    assert told.accuracy == pytest.approx(0.977, abs=4 * np.sqrt(0.977 * 0.023 / 4000))
    assert told.chance == pytest.approx(0.5, abs=0.01) and told.p == 1 / 100


def test_spread_is_found_by_squares():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(1000, 2, 3)) * [[[1.0], [1.6]]]
    assert told_apart(z).accuracy < 0.56
    told = told_apart(np.concatenate([z, z**2], axis=2))
    assert told.accuracy > 0.6 and told.p == 1 / 200


def test_nothing_tells_nothing():
    assert told_apart(np.zeros((20, 2, 2))) == (0.5, 0.5, 1.0)
