"""Is the learned policy spatial? How well place, class or size say which object is taken first."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from airscene.images.truth import LabelledScenes

# Parts in which the pairs are cross-validated.
FOLDS = 5
# Precision of the normal prior on the weights: keeps them finite where pairs can be separated.
_RIDGE = 1.0
_NEWTON_STEPS = 12


class Foretold(NamedTuple):
    """How often a rule, fitted to other pairs, says which of two objects is taken first.

    Args:
        accuracy: A share in [0, 1]; 0.5 by chance.
        standard_error: Of the accuracy, over pairs.
    """

    accuracy: float
    standard_error: float


def taken(
    found: Float[np.ndarray, "n 2 4"], true: Float[np.ndarray, "n 2 4"]
) -> Int[np.ndarray, "n 2"]:
    """Return which true object the first step and which the second step took, (0, 1) or (1, 0).

    Of the two ways of pairing, the one with the smaller sum of squared distances between centres.

    Args:
        found: Boxes (x0, y0, x1, y1) of the first and of the second step, in pixels.
        true: True boxes, in any order.
    """
    apart = _centres(found)[:, :, None] - _centres(true)[:, None]
    distance = np.square(apart).sum(axis=-1)
    swapped = distance[:, 0, 1] + distance[:, 1, 0] < distance[:, 0, 0] + distance[:, 1, 1]
    return np.where(swapped[:, None], [1, 0], [0, 1])


def pairs_taken(
    truth: LabelledScenes, counts: Int[np.ndarray, "n"], boxes: Float[np.ndarray, "n steps 4"]
) -> dict[str, Float[np.ndarray, "pairs _"]]:
    """Describe the pairs of objects of scenes of two, where two were inferred.

    Every feature changes its sign when the two objects change places, so a rule without intercept,
    `first if w . feature > 0`, is one of the two objects and not of the order they are given in.

    Args:
        truth: The scenes.
        counts: Inferred counts.
        boxes: Boxes that inference found, in pixels, in the order of its steps.

    Returns:
        For each group of features those of each pair, in the order (taken first, taken second):
        `position`, the differences of x and y; `position_quadratic`, all antisymmetric polynomials
        of the two places up to degree 2; `class`, the differences of the one-hot classes; `size`,
        those of width, height and area of the box and of the ink in it (where boxes overlap, what
        they share cancels); `all`, the last three.
    """
    pairs = np.flatnonzero((truth.counts == 2) & (counts == 2))
    true = truth.boxes[pairs, :2].astype(float)
    order = taken(boxes[pairs, :2].astype(float), true)
    row = np.arange(len(pairs))[:, None]
    first_then_second, height_width = true[row, order], truth.images.shape[1:3]
    x, y = np.moveaxis(2.0 * _centres(first_then_second) / height_width[::-1] - 1.0, -1, 0)
    labels = truth.labels[pairs[:, None], order]
    width, height = np.moveaxis(first_then_second[..., 2:] - first_then_second[..., :2], -1, 0)
    ink = _ink(truth.images[pairs], first_then_second)

    def differences(*values):
        return np.stack([v[:, 0] - v[:, 1] for v in values], axis=1)

    around = x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]
    quadratic = np.column_stack([differences(x, y, x**2, x * y, y**2), around])
    classes = differences(*(1.0 * (labels == label) for label in range(truth.labels.max() + 1)))
    sizes = differences(width, height, width * height, ink)
    return {
        "position": differences(x, y),
        "position_quadratic": quadratic,
        "class": classes,
        "size": sizes,
        "all": np.concatenate([quadratic, classes, sizes], axis=1),
    }


def foretell(pairs: Float[np.ndarray, "pairs features"]) -> Foretold:
    """Say how well features foretell which object is taken first, in pairs not fitted to.

    Logistic regression, p(a before b) = sigmoid(w . (f(a) - f(b))), cross-validated. A pair that
    the features do not tell apart counts as half right.

    Args:
        pairs: Antisymmetric features of (taken first, taken second), at least `FOLDS` pairs.

    Source: the claim of Eslami et al. 2016, Fig. 3 and appendix H, that the policy is spatial as
    opposed to identity- or size-based; the measure is ours.
    """
    score = np.empty(len(pairs))
    fold = np.arange(len(pairs)) % FOLDS
    for k in range(FOLDS):
        score[fold == k] = pairs[fold == k] @ logistic_weights(pairs[fold != k])
    right = np.heaviside(score, 0.5)
    return Foretold(float(right.mean()), float(right.std() / np.sqrt(len(right))))


def direction(pairs: Float[np.ndarray, "pairs 2"]) -> float:
    """Say towards which side of the image the objects lie that are taken first.

    It is the angle of the weights that logistic regression gives to the differences of x and y, in
    radians from the x axis towards the y axis (down), in (-pi, pi].

    Args:
        pairs: Differences of x and y of (taken first, taken second).
    """
    x, y = logistic_weights(pairs)
    return float(np.arctan2(y, x))


def rayleigh(angles: Float[np.ndarray, " n"]) -> float:
    """Return the p-value of Rayleigh's test that directions are uniform on the circle.

        p = exp(sqrt(1 + 4 n + 4 (n^2 - R^2)) - (1 + 2 n)),   R = |sum_k exp(i a_k)|

    It is small where the directions prefer one side; of doubled angles, where they prefer one axis.

    Args:
        angles: Directions, in radians.

    Source: Zar, Biostatistical analysis, 5th edition, equation 27.4.
    """
    n, length = len(angles), abs(np.exp(1j * np.asarray(angles)).sum())
    return float(np.exp(np.sqrt(1 + 4 * n + 4 * (n**2 - length**2)) - (1 + 2 * n)))


def logistic_weights(pairs: Float[np.ndarray, "pairs features"]) -> Float[np.ndarray, " features"]:
    """Fit the weights of logistic regression, by Newton's method.

        maximise  sum_i log sigmoid(w . d_i) - |w s|^2 / 2,   s the features' root mean squares

    Args:
        pairs: Features d_i, each of a pair whose first object was taken first.
    """
    scale = np.sqrt(np.square(pairs).mean(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    d, w = pairs / scale, np.zeros(pairs.shape[1])
    for _ in range(_NEWTON_STEPS):
        wrong = 1.0 / (1.0 + np.exp(d @ w))
        gradient = d.T @ wrong - _RIDGE * w
        curvature = (d * (wrong * (1.0 - wrong))[:, None]).T @ d + _RIDGE * np.eye(len(w))
        w = w + np.linalg.solve(curvature, gradient)
    return w / scale


def _centres(boxes: Float[np.ndarray, "*any 4"]) -> Float[np.ndarray, "*any 2"]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2.0


def _ink(
    images: UInt8[np.ndarray, "pairs height width *channels"], boxes: Float[np.ndarray, "pairs 2 4"]
) -> Float[np.ndarray, "pairs 2"]:
    """Sum of the image in each box."""
    grey = images.reshape(*images.shape[:3], -1).sum(axis=-1)
    # Sums from the corner, so that a box is four look-ups.
    sums = np.pad(grey, ((0, 0), (1, 0), (1, 0))).cumsum(axis=1).cumsum(axis=2)
    row = np.arange(len(images))[:, None]
    x0, y0, x1, y1 = np.moveaxis(boxes.astype(int), -1, 0)
    inside = sums[row, y1, x1] - sums[row, y0, x1] - sums[row, y1, x0] + sums[row, y0, x0]
    return inside.astype(float)
