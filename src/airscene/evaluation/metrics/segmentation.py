"""How good masks are: label images found, against label images that are true.

A label image holds 0 where the ground is, and another whole number in the visible pixels of each
object. Which number is which object means nothing, but to `depth_order_accuracy`. Images may differ
in size.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

LabelImage = Integer[np.ndarray, "_ _"]
LabelImages = Sequence[LabelImage] | Integer[np.ndarray, "_ _ _"]

# The thresholds of IoU over which average precision is averaged.
THRESHOLDS = tuple(np.arange(10) / 20 + 0.5)


def contingency(
    true: Integer[np.ndarray, "..."], found: Integer[np.ndarray, "..."]
) -> tuple[
    Integer[np.ndarray, "rows columns"], Integer[np.ndarray, "rows"], Integer[np.ndarray, "columns"]
]:
    """Counts the pixels that have each pair of a true label and a label found.

    Args:
        true: labels of pixels, of any shape.
        found: labels of the same pixels.

    Returns:
        The table of counts; the true labels of its rows and those found of its columns, rising.

    Raises:
        ValueError: if the shapes differ.
    """
    if true.shape != found.shape:
        raise ValueError(f"labels of shape {found.shape}, but the truth is of {true.shape}")
    rows, row_of = np.unique(true.ravel(), return_inverse=True)
    columns, column_of = np.unique(found.ravel(), return_inverse=True)
    pairs = row_of.ravel() * len(columns) + column_of.ravel()
    table = np.bincount(pairs, minlength=len(rows) * len(columns))
    return table.reshape(len(rows), len(columns)), rows, columns


def adjusted_rand_index(
    true: LabelImage, found: LabelImage, foreground: bool = False
) -> float | None:
    """How alike two partitions of an image's pixels are, corrected for chance.

    With a, b the pairs of pixels that are together in the one and in the other, s in both, and t
    all pairs: (s - a b / t) / ((a + b) / 2 - a b / t). It is 1 for equal partitions, about 0 for
    random ones, and may be negative. Where both put all pixels together, or all apart, it is 1.

    Args:
        true: the true label image.
        found: the label image found.
        foreground: whether to take only the pixels of true objects (FG-ARI). All labels found count
            there, that of the ground too. An image of one object then gives 1 or 0.

    Returns:
        At most 1, or None if there are no pixels to take.

    Raises:
        ValueError: if the images differ in size.

    Source: Hubert and Arabie 1985, "Comparing partitions"; FG-ARI as in Greff et al. 2019,
        "Multi-object representation learning with iterative variational inference", section 4.
    """
    if foreground and true.shape == found.shape:
        true, found = true[true > 0], found[true > 0]
    if not true.size:
        return None
    table, _, _ = contingency(true, found)
    # Whole numbers of any size, so that nothing is lost.
    together, in_true, in_found = (
        sum(int(k) * (int(k) - 1) // 2 for k in counts)
        for counts in (table.ravel(), table.sum(axis=1), table.sum(axis=0))
    )
    if together == in_true == in_found:
        return 1.0
    pairs = true.size * (true.size - 1) // 2
    above = 2 * (together * pairs - in_true * in_found)
    return above / ((in_true + in_found) * pairs - 2 * in_true * in_found)


def mean_adjusted_rand_index(
    true: LabelImages, found: LabelImages, foreground: bool = False
) -> float | None:
    """The mean over images of `adjusted_rand_index`, without those that have none.

    Args:
        true: the true label images.
        found: the label images found, in the same order.
        foreground: whether to take only the pixels of true objects.

    Returns:
        At most 1, or None if no image has any.

    Raises:
        ValueError: if the images differ in number or size.
    """
    values = (adjusted_rand_index(*pair, foreground) for pair in _pairs(true, found))
    return _mean([value for value in values if value is not None])


def mask_iou(
    true: LabelImage, found: LabelImage
) -> Float[np.ndarray, "true_objects found_objects"]:
    """Intersection over union of the mask of every true object with that of every object found.

    Args:
        true: the true label image.
        found: the label image found.

    Returns:
        Objects by rising label, without the ground.

    Raises:
        ValueError: if the images differ in size.
    """
    table, rows, columns = contingency(true, found)
    union = table.sum(axis=1)[:, None] + table.sum(axis=0) - table
    return (table / union)[rows > 0][:, columns > 0]


def mean_best_overlap(true: LabelImages, found: LabelImages) -> float | None:
    """The mean over all true objects of the largest IoU with an object found (mBO).

    Several true objects may have the same best one. The ground that was found is no object.

    Args:
        true: the true label images.
        found: the label images found, in the same order.

    Returns:
        A value in [0, 1], or None if there are no true objects.

    Raises:
        ValueError: if the images differ in number or size.

    Source: Pont-Tuset et al. 2017, "Multiscale combinatorial grouping for image segmentation and
        object proposal generation".
    """
    best = [mask_iou(*pair).max(axis=1, initial=0.0) for pair in _pairs(true, found)]
    return _mean(np.concatenate(best)) if best else None


def mask_average_precision(
    true: LabelImages,
    found: LabelImages,
    presence: Sequence[Float[np.ndarray, "_"]] | None = None,
    thresholds: Sequence[float] = (0.5,),
) -> float | None:
    """Average precision of the masks found, ranked by presence over all images.

    As `airscene.evaluation.metrics.scenes.average_precision`, with masks for boxes, and the mean
    over thresholds. Without presences all objects rank the same: this is precision times recall.

    Args:
        true: the true label images.
        found: the label images found, in the same order.
        presence: of each image, how sure each object found is, by rising label.
        thresholds: the IoU from which a mask is right; `THRESHOLDS` has .5, .55 to .95. Of label
            images, no two masks are right for the same object above .5.

    Returns:
        A value in [0, 1], or None if there are no true objects.

    Raises:
        ValueError: if the images differ in number or size, or there are not as many presences as
            objects found.

    Source: Everingham et al. 2010, "The Pascal Visual Object Classes Challenge", section 4.2; the
        mean over thresholds is that of Lin et al. 2014, "Microsoft COCO".
    """
    overlaps = [mask_iou(*pair) for pair in _pairs(true, found)]
    if presence is None:
        presence = [np.ones(table.shape[1]) for table in overlaps]
    if [len(levels) for levels in presence] != [table.shape[1] for table in overlaps]:
        raise ValueError("there should be one presence for each object found")
    total = sum(len(table) for table in overlaps)
    if not total:
        return None
    levels = np.concatenate([np.zeros(0), *presence])
    areas = []
    for threshold in thresholds:
        tables = zip(overlaps, presence, strict=True)
        right = np.concatenate([_right(*pair, threshold) for pair in tables])
        areas.append(_area(levels, right) / total)
    return _mean(areas)


class CountError(NamedTuple):
    """How far counts of objects are off.

    Args:
        mean_absolute: the mean over images of |found - true|.
        exact: the share of images whose count is the true one.
    """

    mean_absolute: float
    exact: float


def count_error(true: LabelImages, found: LabelImages) -> CountError | None:
    """How far the number of objects found, of any visible pixel, is off.

    Args:
        true: the true label images.
        found: the label images found, in the same order.

    Returns:
        The errors, or None if there are no images.

    Raises:
        ValueError: if the images differ in number or size.
    """
    off = np.array([abs(np.subtract(*mask_iou(*pair).shape)) for pair in _pairs(true, found)])
    if not len(off):
        return None
    return CountError(float(off.mean()), float((off == 0).mean()))


def depth_order_accuracy(true: LabelImages, found: LabelImages) -> float | None:
    """The share of touching pairs of objects that lie in the right order; a higher label is above.

    A pair of true objects touches where a pixel of the one is beside one of the other, along a row
    or a column. It counts if both were found, by masks of an IoU above .5. Objects that touch
    without hiding each other count too, as label images do not tell them apart.

    Args:
        true: the true label images, as `LabelledScenes.masks` are.
        found: the label images found, in the same order, their labels in order of depth too.

    Returns:
        A value in [0, 1], or None if there are no such pairs.

    Raises:
        ValueError: if the images differ in number or size.
    """
    right: list[float] = []
    for true_image, found_image in _pairs(true, found):
        overlaps = mask_iou(true_image, found_image)
        # By rising labels in rows and columns alike: their order is that of the labels.
        match = {int(row): int(column) for row, column in np.argwhere(overlaps > 0.5)}
        labels = np.unique(true_image[true_image > 0])
        for pair in _touching(true_image):
            below, above = (match.get(int(row)) for row in np.searchsorted(labels, pair))
            if below is not None and above is not None:
                right.append(float(below < above))
    return _mean(right)


def _touching(image: LabelImage) -> Integer[np.ndarray, "pairs 2"]:
    """The pairs of labels of objects that touch, the lower one first."""
    beside = [(image[1:], image[:-1]), (image[:, 1:], image[:, :-1])]
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in beside])
    there = (pairs > 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    return np.unique(np.sort(pairs[there], axis=1), axis=0)


def _right(
    overlaps: Float[np.ndarray, "m k"], presence: Float[np.ndarray, "k"], threshold: float
) -> Bool[np.ndarray, "k"]:
    """Whether each object found is right: each takes the best true one not taken, in order."""
    left, right = overlaps.copy(), np.zeros(len(presence), bool)
    for column in np.argsort(-presence, kind="stable"):
        best = left[:, column]
        if best.max(initial=-1.0) >= threshold:
            right[column] = True
            left[best.argmax()] = -1.0
    return right


def _area(presence: Float[np.ndarray, "k"], right: Bool[np.ndarray, "k"]) -> float:
    """The area under precision over the number found, the best precision from there on."""
    if not len(presence):
        return 0.0
    levels, level_of = np.unique(-presence, return_inverse=True)
    found = np.bincount(level_of, right).cumsum()
    precision = found / np.bincount(level_of, minlength=len(levels)).cumsum()
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(found, prepend=0) * best_from_here))


def _mean(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _pairs(true: LabelImages, found: LabelImages) -> Iterator[tuple[LabelImage, LabelImage]]:
    if len(true) != len(found):
        raise ValueError(f"{len(found)} label images, but the truth of {len(true)}")
    yield from zip(true, found, strict=True)
