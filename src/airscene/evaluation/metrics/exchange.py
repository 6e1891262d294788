"""Are objects exchangeable? Whether what is said of two objects tells which step found which."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

# Parts in which pairs are cross-validated.
FOLDS = 5
# Precision of the prior on the weights, of features of deviation 1.
_RIDGE = 1.0


class Told(NamedTuple):
    """How often a rule says which of two objects was found first, in pairs not fitted to.

    Args:
        accuracy: A share in [0, 1].
        chance: Its mean where the two of each pair change places at random.
        p: Share of such exchanges of which it is as high or higher, the observed one among them.
    """

    accuracy: float
    chance: float
    p: float


def told_apart(
    values: Float[np.ndarray, "pairs 2 features"],
    given: Float[np.ndarray, "pairs 2 others"] | None = None,
    permutations: int = 199,
    seed: int = 0,
) -> Told:
    """Test that two objects of a scene are exchangeable, by what is said of them.

    If they are, (z_1, z_2) is distributed as (z_2, z_1). The statistic is how often the sign of
    w . (z_1 - z_2) is right in pairs that w was not fitted to; w is the discriminant by least
    squares, without intercept, of the differences d_i of the other pairs:

        w = (sum_i d_i d_i' + ridge)^-1 sum_i d_i

    Its null distribution has the two of each pair change places at random, and all fitted anew, so
    that p is exact, whatever the features are and however they depend on each other. A rule that
    is linear in d finds differences of means; of spread too, if features have their squares beside
    them.

    With others given, z is first cleared of what a linear regression on them says, fitted to the
    same pairs as w; and what changes places are the residuals. This tests that z and the order are
    independent given the others, as far as the regression is right.

    Args:
        values: Features of the first and of the second object of each pair; at least `FOLDS`.
        given: The others.
        permutations: How many exchanges at random.
        seed: Decides them.

    Source: the claim that the posterior is exchangeable, Eslami et al. 2016, section 2; a
    permutation test (Fisher 1935) of a classifier's accuracy; that of residuals is of Freedman and
    Lane 1983.
    """
    rng, n = np.random.default_rng(seed), len(values)
    constant = np.ones((n, 2, 1))
    design = constant if given is None else np.concatenate([constant, given], axis=2)
    # In an order of chance, as scenes may come in the order of their counts or classes.
    fold = rng.permutation(n) % FOLDS
    inverse = [_inverse(design, fold != k) for k in range(FOLDS)]
    everywhere = np.ones(n, bool)
    left = _residuals(values, design, _inverse(design, everywhere), everywhere)
    observed = _accuracy(values, design, inverse, fold)
    by_chance = np.empty(permutations)
    for i in range(permutations):
        exchanged = np.where(rng.random((n, 1, 1)) < 0.5, left[:, ::-1], left)
        by_chance[i] = _accuracy(values - left + exchanged, design, inverse, fold)
    # Equal shares that were summed in another order may differ by a rounding.
    p = (1 + np.sum(by_chance >= observed - 1e-9)) / (1 + permutations)
    return Told(observed, float(by_chance.mean()), float(p))


def _inverse(
    design: Float[np.ndarray, "pairs 2 others"], some: Bool[np.ndarray, " pairs"]
) -> Float[np.ndarray, "others _"]:
    """The pseudo-inverse of the design of both objects of some pairs."""
    return np.linalg.pinv(design[some].reshape(-1, design.shape[2]))


def _residuals(
    values: Float[np.ndarray, "pairs 2 features"],
    design: Float[np.ndarray, "pairs 2 others"],
    inverse: Float[np.ndarray, "others _"],
    some: Bool[np.ndarray, " pairs"],
) -> Float[np.ndarray, "pairs 2 features"]:
    """What a regression that is fitted to some pairs leaves of all: whichever object is first."""
    return values - design @ (inverse @ values[some].reshape(-1, values.shape[2]))


def _accuracy(
    values: Float[np.ndarray, "pairs 2 features"],
    design: Float[np.ndarray, "pairs 2 others"],
    inverse: list[np.ndarray],
    fold: Int[np.ndarray, " pairs"],
) -> float:
    """The share of pairs told right, each by what was fitted to the other folds."""
    score = np.empty(len(values))
    for k in range(FOLDS):
        some = fold != k
        left = _residuals(values, design, inverse[k], some)
        d = left[:, 0] - left[:, 1]
        scale = np.sqrt(np.square(d[some]).mean(axis=0))
        d = d / np.where(scale > 0.0, scale, 1.0)
        spread = d[some].T @ d[some] + _RIDGE * np.eye(d.shape[1])
        score[~some] = d[~some] @ np.linalg.solve(spread, d[some].sum(axis=0))
    # A pair that features do not tell apart counts as half right.
    return float(np.heaviside(score, 0.5).mean())
