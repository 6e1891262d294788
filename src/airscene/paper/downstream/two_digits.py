"""Scenes of precisely two digits, and two questions about them (paper, section 3.1 and Fig. 5)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from airscene.images import Digits, LabelledScenes, load_digits, multi_mnist

# Of every twelve training digits one is for validation.
_HELD_BACK = 12


class Pools(NamedTuple):
    """Scenes to learn from, to choose by, and to test on; no digit is in two of them."""

    training: LabelledScenes
    validation: LabelledScenes
    test: LabelledScenes


def two_digit_pools(digits: str, sizes: tuple[int, int, int]) -> Pools:
    """Make the scenes, the same at every call.

    Args:
        digits: Where MNIST comes from, as `load_digits` takes it.
        sizes: Number of scenes of each pool.
    """
    training, test = load_digits("train", digits), load_digits("test", digits)
    end = len(training) - len(training) // _HELD_BACK
    parts = [
        Digits(training.images[:end], training.labels[:end], training.source),
        Digits(training.images[end:], training.labels[end:], training.source),
        test,
    ]
    # Seeds that no other data set of the package has, so that no scene was seen before.
    scenes = zip(parts, sizes, (9001, 9002, 9003), strict=True)
    return Pools(*(multi_mnist(part, n, seed=seed, counts=(2,)) for part, n, seed in scenes))


def digit_sum(scenes: LabelledScenes) -> Int[np.ndarray, " n"]:
    """The sum of the two digits, 0 to 18."""
    return scenes.labels.sum(axis=1)


def ascending(scenes: LabelledScenes) -> Int[np.ndarray, " n"]:
    """Whether the digits ascend from left to right: 1 if the right one is the greater, else 0.

    Left and right go by the centres of the ink boxes; of two with the same x, the upper one comes
    first. Equal digits do not ascend.
    """
    centres = scenes.boxes[..., :2] + scenes.boxes[..., 2:]
    (x0, y0), (x1, y1) = centres[:, 0].T, centres[:, 1].T
    in_order = (x0 < x1) | ((x0 == x1) & (y0 < y1))
    first, second = scenes.labels.T
    return (np.where(in_order, second - first, first - second) > 0).astype(first.dtype)


# Each task's answer and its number of classes.
TASKS = {"sum": (digit_sum, 19), "order": (ascending, 2)}
