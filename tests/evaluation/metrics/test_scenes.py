"""Metrics against brute force, known cases and invariances."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.evaluation import (
    MeanIoU,
    average_precision,
    count_accuracy,
    count_calibration,
    count_confusion,
    iou,
    mean_iou,
)
from airscene.evaluation.metrics.scenes import sure_and_wrong
from airscene.images import LabelledScenes
from airscene.scene import Scene, SceneObject, Scenes

A, B, C = (0, 0, 10, 10), (20, 0, 30, 10), (0, 20, 10, 30)


def inferred(*scenes):
    """Scenes from lists of (presence, box)."""
    images = [
        Scene(
            "x",
            np.array([0.0, 1.0]),
            tuple(
                SceneObject(float(p), (0.0, 0.0, 1.0, 1.0), tuple(map(float, b)), np.zeros(1))
                for p, b in found
            ),
        )
        for found in scenes
    ]
    return Scenes("m", (50, 50), tuple(images))


def labelled(*scenes):
    """The truth from lists of boxes."""
    counts = np.array([len(boxes) for boxes in scenes])
    boxes = np.full((len(scenes), counts.max(initial=0), 4), np.nan, np.float32)
    for row, of_scene in zip(boxes, scenes, strict=True):
        row[: len(of_scene)] = np.reshape(of_scene, (-1, 4))
    return LabelledScenes(
        np.zeros((len(scenes), 50, 50), np.uint8), counts, np.zeros(boxes.shape[:2], int), boxes, ""
    )


boxes = st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 4)] * 2).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
# Few levels of presence and few boxes, so that ties and duplicates are common.
found_lists = st.lists(st.tuples(st.sampled_from([0.25, 0.5, 0.75, 1.0]), boxes), max_size=4)
cases = st.lists(st.tuples(found_lists, st.lists(boxes, max_size=4)), min_size=1, max_size=4)


@st.composite
def posteriors(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, most = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    probs = rng.dirichlet(np.full(most + 1, 0.3), n).astype(draw(st.sampled_from(["f4", "f8"])))
    return probs, rng.integers(0, most + 2, n)


@given(posteriors())
def test_counts_against_loops(case):
    probs, counts = case
    modes = [max(range(len(q)), key=lambda n: q[n]) for q in probs]
    table = count_confusion(probs, counts)
    assert table.shape == (max(counts) + 1, probs.shape[1])
    for true, mode in itertools.product(range(table.shape[0]), range(table.shape[1])):
        pairs = zip(counts, modes, strict=True)
        assert table[true, mode] == sum(pair == (true, mode) for pair in pairs)
    right = sum(mode == count for mode, count in zip(modes, counts, strict=True))
    assert count_accuracy(probs, counts) == pytest.approx(right / len(counts))


@given(posteriors(), st.integers(1, 12))
def test_calibration_against_loops(case, n_bins):
    probs, counts = case
    bins = count_calibration(probs, counts, n_bins)
    members = [[] for _ in range(n_bins)]
    for q, count in zip(probs.astype(float), counts, strict=True):
        members[min(int(q.max() * n_bins), n_bins - 1)].append((q.max(), q.argmax() == count))
    error = 0.0
    for i, inside in enumerate(members):
        assert bins.number[i] == len(inside)
        confidence, accuracy = np.mean(inside, axis=0) if inside else (np.nan, np.nan)
        assert bins.confidence[i] == pytest.approx(confidence, nan_ok=True)
        assert bins.accuracy[i] == pytest.approx(accuracy, nan_ok=True)
        if inside:
            error += len(inside) / len(counts) * abs(accuracy - confidence)
    assert bins.error == pytest.approx(error)


def test_calibration_of_known_posteriors():
    sure, coin = np.tile([0.0, 1.0], (10, 1)), np.tile([0.25, 0.75], (8, 1))
    assert count_calibration(sure, np.ones(10, int)).error == 0
    assert count_calibration(sure, np.arange(10) % 2).error == 0.5
    # Right in three of four at 0.75: calibrated, though often wrong.
    assert count_calibration(coin, np.array([1, 1, 1, 0] * 2)).error == 0


def test_counts_that_are_sure_and_wrong():
    probs = np.array([[0.995, 0.005], [0.999, 0.001], [0.6, 0.4], [0.001, 0.999]])
    assert sure_and_wrong(probs, np.array([0, 1, 1, 0])) == pytest.approx(2 / 3)
    assert sure_and_wrong(probs, np.array([0, 1, 1, 0]), sure=0.9999) is None


@given(boxes, boxes)
def test_iou_against_pixels(a, b):
    def mask(box):
        x0, y0, x1, y1 = box
        pixels = np.zeros((12, 12), bool)
        pixels[y0:y1, x0:x1] = True
        return pixels

    expected = (mask(a) & mask(b)).sum() / (mask(a) | mask(b)).sum()
    values = iou(np.array([a, b], float), np.array([a, b], float))
    np.testing.assert_allclose(values, [[1, expected], [expected, 1]])


def test_iou_of_boxes_without_area():
    point, inside_out = [3.0, 3, 3, 3], [5.0, 5, 2, 2]
    values = iou(np.array([point, inside_out]), np.array([point, inside_out, [0, 0, 9, 9]]))
    assert np.array_equal(values, np.zeros((2, 3)))


def average_precision_by_thresholds(case, threshold):
    """From the definition: at each level of presence, match anew all that is at or above it."""
    total = sum(len(true) for _, true in case)
    points = []
    for level in sorted({p for found, _ in case for p, _ in found}, reverse=True):
        kept = hits = 0
        for found, true in case:
            free = sorted(true)
            for p, box in sorted(found, key=lambda f: (-f[0], f[1])):
                if p < level:
                    continue
                kept += 1
                overlaps = [iou(np.array([box], float), np.array([t], float))[0, 0] for t in free]
                if overlaps and max(overlaps) >= threshold:
                    hits += 1
                    free.pop(overlaps.index(max(overlaps)))
        points.append((hits / total, hits / kept))
    area, reached = 0.0, 0.0
    for recall, _ in points:
        area += (recall - reached) * max(p for r, p in points if r >= recall)
        reached = recall
    return area


@settings(max_examples=200)
@given(cases, st.sampled_from([0.3, 0.5]))
def test_average_precision_against_its_definition(case, threshold):
    found, true = zip(*case, strict=True)
    value = average_precision(inferred(*found), labelled(*true), threshold)
    if not any(true):
        assert value is None
    else:
        assert value == pytest.approx(average_precision_by_thresholds(case, threshold))


def best_pairing(found, true):
    """The overlaps of the pairing whose sum is largest, by trying all."""
    if len(found) > len(true):
        found, true = true, found
    values = iou(np.reshape(found, (-1, 4)).astype(float), np.reshape(true, (-1, 4)).astype(float))
    pairings = itertools.permutations(range(len(true)), len(found))
    return max(([values[i, j] for i, j in enumerate(p)] for p in pairings), key=sum)


@given(cases)
def test_mean_iou_against_all_pairings(case):
    found, true = zip(*case, strict=True)
    overlaps = sum((best_pairing([b for _, b in f], t) for f, t in case), [])
    result = mean_iou(inferred(*found), labelled(*true))
    total = sum(map(len, true))
    if not total:
        assert result == MeanIoU(None, None)
        return
    assert result.over_all == pytest.approx(sum(overlaps) / total)
    if not any(overlaps):
        assert result.over_matched is None
    else:
        # Several pairings may have the largest sum, and differ in how many pairs overlap.
        assert result.over_all <= result.over_matched * (1 + 1e-12) <= 1 + 1e-12


@settings(max_examples=200)
@given(cases, st.randoms(use_true_random=False))
def test_no_order_matters(case, random):
    found, true = zip(*case, strict=True)
    shuffled = [(random.sample(f, len(f)), random.sample(t, len(t))) for f, t in case]
    random.shuffle(shuffled)
    found_too, true_too = zip(*shuffled, strict=True)
    one, other = (inferred(*found), labelled(*true)), (inferred(*found_too), labelled(*true_too))
    assert average_precision(*one) == average_precision(*other)
    assert mean_iou(*one) == mean_iou(*other)


@pytest.mark.parametrize(
    ("found", "true", "precision", "ious"),
    [
        ([[(0.9, A), (0.8, B)], [(0.7, C)]], [[B, A], [C]], 1, (1, 1)),
        ([[], []], [[A], []], 0, (0, None)),
        ([[], []], [[], []], None, (None, None)),
        ([[(0.9, A)]], [[]], None, (None, None)),
        # The duplicate ranks above B: precision 1 up to recall 1/2, then 2/3.
        ([[(0.9, A), (0.8, A), (0.7, B)]], [[A, B]], 5 / 6, (1, 1)),
        # A duplicate below all that is true costs nothing, as recall is complete.
        ([[(0.9, A), (0.8, B), (0.7, A)]], [[A, B]], 1, (1, 1)),
        ([[(0.9, A)]], [[A, B]], 0.5, (0.5, 1)),
        # All of one presence: one point, precision 1/2, recall 1.
        ([[(1, A), (1, B)], [(1, C), (1, B)]], [[A], [C]], 0.5, (1, 1)),
        # IoU 0.5 exactly is right, just below is not.
        ([[(0.9, (0, 0, 10, 5))]], [[A]], 1, (0.5, 0.5)),
        ([[(0.9, (0, 0, 10, 4.9))]], [[A]], 0, (0.49, 0.49)),
    ],
)
def test_known_cases(found, true, precision, ious):
    scenes, truth = inferred(*found), labelled(*true)
    assert average_precision(scenes, truth) == pytest.approx(precision)
    assert mean_iou(scenes, truth) == pytest.approx(ious)


def test_as_many_scenes_as_truths():
    for metric in (average_precision, mean_iou):
        with pytest.raises(ValueError, match="2 scenes, but the truth of 1"):
            metric(inferred([], []), labelled([A]))
