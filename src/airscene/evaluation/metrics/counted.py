"""How good counts, boxes and places are on images that were counted by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from airscene.evaluation.metrics.scenes import iou
from airscene.images.sets.counted import Counted

# The least IoU of a box with a true one.
OVERLAP = 0.5

Boxes = Float[np.ndarray, "_ 4"]


def counted_metrics(
    found: Sequence[Boxes], truth: Sequence[Counted], object_size: float
) -> dict[str, Any]:
    """Return how far boxes that were found are from the truth.

    Args:
        found: Boxes (x0, y0, x1, y1) of each image, in pixels.
        truth: The same images, in the same order.
        object_size: Longer side of a typical object, in pixels: a centre within half of it of a
            true box's is right.

    Returns:
        `count_mae`, `count_exact`, `count_bias`; `median_mae`, what always the median count of
        these images gives; where boxes are known `f1_boxes` and `f1_dots`.
    """
    counts = np.array([len(boxes) for boxes in found])
    wanted = np.array([one.count for one in truth])
    apart = counts - wanted
    said: dict[str, Any] = {
        "images": len(truth),
        "mean_count": float(wanted.mean()),
        "count_mae": float(np.abs(apart).mean()),
        "count_exact": float((apart == 0).mean()),
        "count_bias": float(apart.mean()),
        "median_mae": float(np.abs(wanted - np.median(wanted)).mean()),
    }
    if all(one.boxes is not None for one in truth):
        true = [one.boxes for one in truth if one.boxes is not None]
        of_boxes = sum(_matched(iou(b, t) >= OVERLAP) for b, t in zip(found, true, strict=True))
        of_dots = sum(
            _matched(_distances(b, t) <= object_size / 2) for b, t in zip(found, true, strict=True)
        )
        total = counts.sum() + sum(map(len, true))
        said["f1_boxes"] = float(2 * of_boxes / max(1, total))
        said["f1_dots"] = float(2 * of_dots / max(1, total))
    return said


def _distances(boxes: Boxes, true: Boxes) -> Float[np.ndarray, "_ _"]:
    a, b = ((x[:, :2] + x[:, 2:]) / 2 for x in (boxes, true))
    return np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))


def _matched(right: np.ndarray) -> int:
    """How many can be paired one to one where it is right to."""
    from scipy.optimize import linear_sum_assignment

    pairs = linear_sum_assignment(right, maximize=True)
    return int(right[pairs].sum())
