"""Pieces of a drawing against the pen strokes that drew it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree

# What a piece draws fainter than this, it does not draw.
FAINT = 0.15

# The pen's way is filled in with points so far apart at most, in pixels.
SPACING = 0.25


class Covered(NamedTuple):
    """How well pieces cover strokes, each piece one stroke at most.

    Args:
        precision: Share of the pieces' ink that lies on their strokes.
        recall: Share of the strokes' ink that their pieces cover.
        f1: The harmonic mean of both; 0 if nothing is covered.
    """

    precision: float
    recall: float
    f1: float


def stroke_ink(
    image: Float[np.ndarray, "height width"], paths: Sequence[Float[np.ndarray, "_ 2"]]
) -> Float[np.ndarray, "strokes height width"]:
    """Share the ink of a drawing among its strokes: each pixel's belongs to the nearest.

    Args:
        image: The drawing, ink 1 on 0.
        paths: The pen's way in each stroke, x to the right and y down, in pixels.
    """
    rows, columns = np.nonzero(image > 0)
    pixels = np.column_stack([columns, rows]) + 0.5
    distances = [KDTree(_filled(path)).query(pixels)[0] for path in paths]
    ink = np.zeros((len(paths), *image.shape))
    ink[np.argmin(distances, axis=0), rows, columns] = image[rows, columns]
    return ink


def _filled(path: Float[np.ndarray, "_ 2"]) -> Float[np.ndarray, "_ 2"]:
    """The points of a way, and points between those that are far apart."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, along[-1], 1 + int(along[-1] / SPACING))
    return np.column_stack([np.interp(at, along, axis) for axis in path.T])


def piece_ink(
    image: Float[np.ndarray, "height width"], drawn: Float[np.ndarray, "pieces height width"]
) -> Float[np.ndarray, "pieces height width"]:
    """Share the ink of a drawing among pieces: each pixel's belongs to the one that draws it most.

    Ink that no piece draws, or only faintly, belongs to none.

    Args:
        image: The drawing, ink 1 on 0.
        drawn: What each piece draws, ink 1 on 0.
    """
    if not len(drawn):
        return drawn
    mine = np.argmax(drawn, axis=0) == np.arange(len(drawn))[:, None, None]
    return image * (mine & (drawn > FAINT))


def covered(
    pieces: Float[np.ndarray, "pieces height width"],
    strokes: Float[np.ndarray, "strokes height width"],
) -> Covered:
    """Match pieces and strokes so that they share the most ink, and say how much that is.

        shared = max_{matching} sum_{(i, k)} sum_pixels min(piece_i, stroke_k)

    over one-to-one matchings; precision is its share of all pieces' ink, recall of all strokes'.

    Args:
        pieces: The ink of each piece, see `piece_ink`.
        strokes: The ink of each stroke.
    """
    ink = float(pieces.sum()), float(strokes.sum())
    if not min(ink):
        return Covered(0.0, 0.0, 0.0)
    both = np.array([[np.minimum(piece, stroke).sum() for stroke in strokes] for piece in pieces])
    shared = float(both[linear_sum_assignment(both, maximize=True)].sum())
    return Covered(shared / ink[0], shared / ink[1], 2.0 * shared / sum(ink))
