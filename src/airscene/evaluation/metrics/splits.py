"""What a wrong count is made of: objects that are split, merged, missed, or seen where none is."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


class Mistakes(NamedTuple):
    """Numbers of objects, of each scene.

    Args:
        split: True objects in which two found ones or more lie.
        merged: True objects beside another one in a found one that covers both.
        missed: True objects of which all found ones cover less than half.
        spurious: Found objects that neither lie in a true one nor cover one.
    """

    split: Int[np.ndarray, " n"]
    merged: Int[np.ndarray, " n"]
    missed: Int[np.ndarray, " n"]
    spurious: Int[np.ndarray, " n"]


def mistakes(
    true: Float[np.ndarray, "n M 4"],
    counts: Int[np.ndarray, " n"],
    found: Float[np.ndarray, "n N 4"],
) -> Mistakes:
    """Hold the boxes that were found against the true ones.

    A box lies in another, and that one covers it, where they share more than half of its area:

        |a & b| / |a| > 1/2

    Args:
        true: True boxes (x0, y0, x1, y1) in pixels, NaN where there is no object.
        counts: Inferred counts.
        found: Boxes that inference found, of which the first `counts` mean anything.

    Source: the measure is ours; what the prior over counts is to prevent, Eslami et al. 2016,
    section 3.1.
    """
    is_true = ~np.isnan(true[..., 0])
    is_found = np.arange(found.shape[1]) < counts[:, None]
    both = is_true[:, :, None] & is_found[:, None]
    of_true, of_found = _shares(np.nan_to_num(true), found, both)
    lies_in, covers = of_found > 0.5, of_true > 0.5
    return Mistakes(
        split=_number(lies_in.sum(axis=2) >= 2),
        merged=_number((covers & (covers.sum(axis=1, keepdims=True) >= 2)).any(axis=2)),
        missed=_number(is_true & (of_true.sum(axis=2) < 0.5)),
        spurious=_number(is_found & ~(lies_in | covers).any(axis=1)),
    )


def _shares(
    true: Float[np.ndarray, "n M 4"],
    found: Float[np.ndarray, "n N 4"],
    both: Bool[np.ndarray, "n M N"],
) -> tuple[Float[np.ndarray, "n M N"], Float[np.ndarray, "n M N"]]:
    """How much of each true box is in each found one, and the reverse; 0 where one is not there."""
    a, b = true[:, :, None].astype(float), found[:, None].astype(float)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=-1) * both
    areas = [np.clip(x[..., 2:] - x[..., :2], 0.0, None).prod(axis=-1) for x in (a, b)]
    of_true, of_found = (shared / np.where(area > 0.0, area, 1.0) for area in areas)
    return of_true, of_found


def _number(there: Bool[np.ndarray, "n _"]) -> Int[np.ndarray, " n"]:
    return there.sum(axis=1)
