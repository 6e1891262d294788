"""How good inference is: counts, their calibration, boxes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from airscene.images import LabelledScenes
from airscene.scene import Scenes


def count_accuracy(probs: Float[np.ndarray, "n counts"], counts: Int[np.ndarray, "n"]) -> float:
    """The share of images whose inferred count, the mode of q(n|x), is the true one.

    Args:
        probs: q(n|x) for n = 0..N, for each image.
        counts: the true counts.

    Source: Eslami et al. 2016, Fig. 3 (right, above).
    """
    return float(np.mean(probs.argmax(axis=1) == counts))


def count_confusion(
    probs: Float[np.ndarray, "n counts"], counts: Int[np.ndarray, "n"]
) -> Int[np.ndarray, "true inferred"]:
    """How many images of each true count got each inferred count, the mode of q(n|x).

    Args:
        probs: q(n|x) for n = 0..N, for each image.
        counts: the true counts, which are the rows, from 0 to the largest.
    """
    table = np.zeros((counts.max(initial=0) + 1, probs.shape[1]), int)
    np.add.at(table, (counts, probs.argmax(axis=1)), 1)
    return table


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether counts inferred with probability p are right in a share p of images.

    The bins are equal parts of [0, 1]; confidence and accuracy are NaN in an empty bin.

    Args:
        confidence: the mean probability of the mode, in each bin.
        accuracy: the share of images whose mode is the true count, in each bin.
        number: the number of images in each bin.
        error: the expected calibration error, the mean over images of |accuracy - confidence| of
            the image's bin.
    """

    confidence: Float[np.ndarray, "bins"]
    accuracy: Float[np.ndarray, "bins"]
    number: Int[np.ndarray, "bins"]
    error: float


def count_calibration(
    probs: Float[np.ndarray, "n counts"], counts: Int[np.ndarray, "n"], n_bins: int = 10
) -> Calibration:
    """The reliability of the probability that q(n|x) gives to its mode.

    Args:
        probs: q(n|x) for n = 0..N, for each image.
        counts: the true counts.
        n_bins: into how many equal parts to divide [0, 1].

    Source: Guo et al. 2017, "On calibration of modern neural networks", section 2.
    """
    confidence, right = probs.max(axis=1).astype(float), probs.argmax(axis=1) == counts
    # A probability of 1, or above it by a rounding, belongs to the last bin.
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    number = np.bincount(bins, minlength=n_bins)
    sums = [np.bincount(bins, each, n_bins) for each in (confidence, right)]
    means = [each / np.where(number > 0, number, np.nan) for each in sums]
    error = float(np.abs(sums[1] - sums[0]).sum() / len(counts))
    return Calibration(means[0], means[1], number, error)


def sure_and_wrong(
    probs: Float[np.ndarray, "n counts"], counts: Int[np.ndarray, "n"], sure: float = 0.99
) -> float | None:
    """The share of images whose count is wrong, among those where it has a high probability.

    Args:
        probs: q(n|x) for n = 0..N, for each image.
        counts: the true counts.
        sure: the least probability of the inferred count.

    Returns:
        The share; None if no image has such a count.
    """
    high = probs.max(axis=1) > sure
    return float((probs.argmax(axis=1) != counts)[high].mean()) if high.any() else None


def iou(
    boxes_a: Float[np.ndarray, "a 4"], boxes_b: Float[np.ndarray, "b 4"]
) -> Float[np.ndarray, "a b"]:
    """Intersection over union of every box (x0, y0, x1, y1) of one set with each of another.

    It is 0 where both boxes are without area.
    """
    a, b = boxes_a[:, None].astype(float), boxes_b[None].astype(float)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area_a, area_b = (np.clip(c[..., 2:] - c[..., :2], 0, None).prod(axis=-1) for c in (a, b))
    union = area_a + area_b - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def average_precision(
    scenes: Scenes, truth: LabelledScenes, threshold: float = 0.5
) -> float | None:
    """Average precision of the boxes found, ranked by presence over all scenes.

    The area under precision over recall, where precision at a recall is the best at that recall
    or above (all points, not eleven). Within a scene, boxes choose in order of presence: each
    takes, of the true boxes not taken yet, the one of largest IoU, and is right if that is at
    least `threshold`. Boxes of equal presence enter the curve together, and choose from left to
    right, so that the order of scenes and objects does not matter.

    Args:
        scenes: what was inferred.
        truth: the same images, in the same order.
        threshold: the IoU from which a box is right.

    Returns:
        A value in [0, 1], or None if there are no true boxes.

    Raises:
        ValueError: if the numbers of scenes differ.

    Source: Everingham et al. 2010, "The Pascal Visual Object Classes Challenge", section 4.2.
    """
    ranked: list[tuple[float, bool]] = []
    total = 0
    for presence, boxes, true_boxes in _box_pairs(scenes, truth):
        total += len(true_boxes)
        overlaps = iou(boxes, true_boxes)
        for level, row in zip(presence, overlaps, strict=True):
            right = bool(row.max(initial=-1.0) >= threshold)
            if right:
                overlaps[:, row.argmax()] = -1  # taken
            ranked.append((float(level), right))
    if not total:
        return None
    if not ranked:
        return 0.0
    presence, right = (np.array(column) for column in zip(*ranked, strict=True))
    levels, level_of = np.unique(-presence, return_inverse=True)
    found = np.bincount(level_of, right).cumsum()
    precision = found / np.bincount(level_of, minlength=len(levels)).cumsum()
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(found, prepend=0) * best_from_here) / total)


class MeanIoU(NamedTuple):
    """Mean IoU of found boxes with true ones; None where there is nothing to average.

    Args:
        over_all: over all true boxes; one without a match counts as 0.
        over_matched: over the true boxes that have a match.
    """

    over_all: float | None
    over_matched: float | None


def mean_iou(scenes: Scenes, truth: LabelledScenes) -> MeanIoU:
    """Mean IoU of the boxes found with the true boxes.

    In each scene, boxes and true boxes are paired one to one so that the sum of IoU is largest.
    A pair without overlap is no match. Found boxes left over change nothing: counts and average
    precision account for them.

    Args:
        scenes: what was inferred.
        truth: the same images, in the same order.

    Raises:
        ValueError: if the numbers of scenes differ.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import, and nothing else needs it

    total, matched = 0, []
    for _, boxes, true_boxes in _box_pairs(scenes, truth):
        total += len(true_boxes)
        overlaps = iou(boxes, true_boxes)
        pairs = overlaps[linear_sum_assignment(overlaps, maximize=True)]
        matched.extend(pairs[pairs > 0])
    # The order of scenes must not matter, not even by a rounding.
    sum_matched = float(np.sum(np.sort(matched)))
    return MeanIoU(
        over_all=sum_matched / total if total else None,
        over_matched=sum_matched / len(matched) if matched else None,
    )


def _box_pairs(
    scenes: Scenes, truth: LabelledScenes
) -> Iterator[tuple[Float[np.ndarray, "k"], Float[np.ndarray, "k 4"], Float[np.ndarray, "m 4"]]]:
    """Presence and boxes found, by falling presence, and true boxes, of each scene.

    Ties go from left to right, so that the result depends on no order of the input.
    """
    if len(scenes) != len(truth):
        raise ValueError(f"{len(scenes)} scenes, but the truth of {len(truth)}")
    for scene, true_boxes in zip(scenes, truth.boxes, strict=True):
        found = [(-o.presence, *o.box) for o in scene.objects]
        array = np.array(sorted(found), dtype=float).reshape(len(found), 5)
        there = true_boxes[~np.isnan(true_boxes[:, 0])]
        yield -array[:, 0], array[:, 1:], there[np.lexsort(there.T[::-1])]
