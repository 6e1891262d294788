"""Metrics of masks against brute force, scikit-learn, known cases and invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.evaluation import average_precision
from airscene.evaluation.metrics.segmentation import (
    THRESHOLDS,
    CountError,
    adjusted_rand_index,
    contingency,
    count_error,
    depth_order_accuracy,
    mask_average_precision,
    mask_iou,
    mean_adjusted_rand_index,
    mean_best_overlap,
)
from airscene.images import LabelledScenes
from airscene.scene import Scene, SceneObject, Scenes


@st.composite
def pairs(draw, most=4):
    """Two label images, the second of them often like the first."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    true, found = (rng.integers(0, draw(st.integers(1, most + 1)), shape) for _ in range(2))
    like = rng.random(shape) < draw(st.sampled_from([0.0, 0.7, 1.0]))
    kind = draw(st.sampled_from([np.uint8, np.int64, np.int32]))
    return true.astype(kind), np.where(like, true, found).astype(kind)


def shuffled(image, seed, ground=False):
    """The same image with other numbers of the objects, and perhaps of the ground."""
    rng = np.random.default_rng(seed)
    numbers = np.concatenate([[0], rng.permutation(90)[: image.max()] + 1])
    return (rng.permutation(100)[:91] if ground else np.arange(91))[numbers][image]


@given(pairs())
def test_contingency_against_loops(pair):
    table, rows, columns = contingency(*pair)
    assert table.sum() == pair[0].size
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            assert table[i, j] == ((pair[0] == row) & (pair[1] == column)).sum()


def rand_by_pairs(true, found):
    """From the definition: pairs of pixels, one by one."""
    a, b = (x[:, None] == x[None] for x in (true.ravel(), found.ravel()))
    upper = np.triu_indices(true.size, 1)
    a, b = a[upper], b[upper]
    expected = a.sum() * b.sum() / len(a) if len(a) else 0.0
    largest = (a.sum() + b.sum()) / 2
    return ((a & b).sum() - expected) / (largest - expected) if largest != expected else 1.0


@given(pairs())
def test_rand_index_against_pairs_of_pixels(pair):
    assert adjusted_rand_index(*pair) == pytest.approx(rand_by_pairs(*pair))
    true, found = pair
    value = adjusted_rand_index(true, found, foreground=True)
    if not (true > 0).any():
        assert value is None
    else:
        assert value == pytest.approx(rand_by_pairs(true[true > 0], found[true > 0]))


@settings(max_examples=300)
@given(pairs())
def test_rand_index_against_scikit_learn(pair):
    metrics = pytest.importorskip("sklearn.metrics")
    true, found = pair
    expected = metrics.adjusted_rand_score(true.ravel(), found.ravel())
    assert adjusted_rand_index(true, found) == pytest.approx(expected, abs=1e-12)
    if (true > 0).any():
        expected = metrics.adjusted_rand_score(true[true > 0], found[true > 0])
        value = adjusted_rand_index(true, found, foreground=True)
        assert value == pytest.approx(expected, abs=1e-12)


@given(pairs(), st.integers(0, 2**32))
def test_rand_index_is_symmetric_and_blind_to_numbers(pair, seed):
    true, found = pair
    value = adjusted_rand_index(true, found)
    assert value <= 1 and adjusted_rand_index(found, true) == value
    assert adjusted_rand_index(shuffled(true, seed, True), shuffled(found, seed + 1, True)) == value
    assert adjusted_rand_index(true, shuffled(true, seed, True)) == 1
    in_front = adjusted_rand_index(true, found, foreground=True)
    again = adjusted_rand_index(shuffled(true, seed), shuffled(found, seed, True), foreground=True)
    assert again == in_front


def test_rand_index_of_random_labels_is_about_zero():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, (12, 12))
    values = [adjusted_rand_index(true, rng.permutation(true.ravel()).reshape(12, 12))
              for _ in range(2000)]  # fmt: skip
    assert abs(np.mean(values)) < 5 * np.std(values) / np.sqrt(2000)


def test_known_rand_indices():
    one, two = np.ones((2, 4), int), np.array([[1, 1, 2, 2]] * 2)
    assert adjusted_rand_index(one, one * 7) == 1 and adjusted_rand_index(one, two) == 0
    # All apart.
    each = np.arange(8).reshape(2, 4)
    assert adjusted_rand_index(each, each[::-1]) == 1
    assert adjusted_rand_index(one[:1, :1], one[:1, :1]) == 1
    # The ground that was found is a label like others where true objects are.
    assert adjusted_rand_index(two, two - 1, foreground=True) == 1
    assert adjusted_rand_index(two, two * 0, foreground=True) == 0
    # Large images do not overflow.
    large = np.zeros((3000, 3000), np.uint8)
    large[:, 1500:] = 1
    assert adjusted_rand_index(large, large.T) == pytest.approx(0, abs=1e-6)
    assert mean_adjusted_rand_index([one, one], [one, two]) == 0.5
    # Images without objects have no FG-ARI.
    assert mean_adjusted_rand_index([two, two * 0], [two, two], foreground=True) == 1
    assert mean_adjusted_rand_index([two * 0], [two], foreground=True) is None


def best_overlaps(true, found):
    for row in np.unique(true[true > 0]):
        values = [0.0]
        for column in np.unique(found[found > 0]):
            a, b = true == row, found == column
            values.append((a & b).sum() / (a | b).sum())
        yield max(values)


@given(st.lists(pairs(), max_size=4), st.integers(0, 2**32))
def test_mean_best_overlap_against_loops(images, seed):
    true, found = [pair[0] for pair in images], [pair[1] for pair in images]
    expected = [value for pair in images for value in best_overlaps(*pair)]
    value = mean_best_overlap(true, found)
    assert value == (pytest.approx(np.mean(expected)) if expected else None)
    assert mean_best_overlap(true, true) == (1 if expected else None)
    again = mean_best_overlap([shuffled(x, seed) for x in true], [shuffled(x, seed) for x in found])
    assert again == pytest.approx(value) if expected else again is None


def as_boxes(images, presences):
    """Scenes whose boxes have the IoU of masks: one row of pixels, each object in one piece."""
    return Scenes("m", (1, 50), tuple(
        Scene("x", np.array([1.0]), tuple(
            SceneObject(float(p), (0.0, 0.0, 1.0, 1.0), box(image, label), np.zeros(1))
            for label, p in zip(np.unique(image[image > 0]), presence, strict=True)
        )) for image, presence in zip(images, presences, strict=True)
    ))  # fmt: skip


def box(image, label):
    where = np.flatnonzero(image[0] == label)
    return float(where[0]), 0.0, float(where[-1] + 1), 1.0


runs = st.lists(st.integers(1, 4), min_size=1, max_size=6).map(
    lambda lengths: np.pad(np.repeat(np.arange(len(lengths)), lengths), (0, 24))[None, :24]
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(runs, runs, st.lists(st.sampled_from([0.25, 0.5, 1.0]), min_size=6)),
             min_size=1, max_size=4),
    st.sampled_from([0.5, 0.6, 0.8]),
)  # fmt: skip
def test_average_precision_is_that_of_boxes(cases, threshold):
    true, found = [case[0] for case in cases], [case[1] for case in cases]
    presence = [np.array(case[2][: case[1].max()]) for case in cases]
    boxes = [[box(image, k + 1) for k in range(image.max())] for image in true]
    counts = np.array([len(b) for b in boxes])
    padded = np.full((len(boxes), counts.max(), 4), np.nan, np.float32)
    for row, of_image in zip(padded, boxes, strict=True):
        row[: len(of_image)] = np.reshape(of_image, (-1, 4))
    truth = LabelledScenes(
        np.zeros((len(boxes), 1, 50), np.uint8), counts, np.zeros(padded.shape[:2], int), padded, ""
    )
    expected = average_precision(as_boxes(found, presence), truth, threshold)
    value = mask_average_precision(true, found, presence, (threshold,))
    assert value == (None if expected is None else pytest.approx(expected))


def test_known_average_precisions():
    true = np.array([[0, 0, 1, 1, 1, 1, 2, 2, 2, 2]])
    one_wrong = np.array([[3, 3, 1, 1, 1, 1, 2, 2, 2, 2]])
    assert mask_average_precision([true], [true], thresholds=THRESHOLDS) == 1
    # Precision 2/3 at recall 1; better if the wrong one is known to be less sure.
    assert mask_average_precision([true], [one_wrong]) == pytest.approx(2 / 3)
    sure = [np.array([0.9, 0.9, 0.2])]
    assert mask_average_precision([true], [one_wrong], sure) == 1
    # IoU 3/4 is right up to .75: six thresholds of ten.
    smaller = np.array([[0, 0, 1, 1, 1, 0, 2, 2, 2, 0]])
    assert mask_average_precision([true], [smaller], thresholds=THRESHOLDS) == pytest.approx(0.6)
    assert mask_average_precision([true], [true * 0]) == 0
    assert mask_average_precision([true * 0], [true]) is None
    assert mask_average_precision([], []) is None
    # Two halves of one: the first takes it.
    halves = np.array([[0, 0, 1, 1, 3, 3, 2, 2, 2, 2]])
    assert mask_average_precision([true], [halves]) == pytest.approx(2 / 3)
    assert np.allclose(mask_iou(true, halves), [[0.5, 0, 0.5], [0, 1, 0]])


@given(st.lists(pairs(), min_size=1, max_size=4), st.integers(0, 2**32))
def test_average_precision_is_blind_to_numbers(images, seed):
    true, found = [pair[0] for pair in images], [pair[1] for pair in images]
    value = mask_average_precision(true, found, thresholds=THRESHOLDS)
    again = mask_average_precision(
        [shuffled(x, seed) for x in true[::-1]], [shuffled(x, seed) for x in found[::-1]],
        thresholds=THRESHOLDS,
    )  # fmt: skip
    assert again == (None if value is None else pytest.approx(value))


@given(st.lists(pairs(), min_size=1, max_size=4))
def test_count_errors_against_loops(images):
    off = [len({*found[found > 0]}) - len({*true[true > 0]}) for true, found in images]
    value = count_error([pair[0] for pair in images], [pair[1] for pair in images])
    assert value == CountError(pytest.approx(np.mean(np.abs(off))), np.mean(np.array(off) == 0))


def test_depth_order():
    true = np.array([[1, 1, 2, 2, 0, 3, 3], [1, 1, 2, 2, 0, 3, 3]])
    swapped = np.array([0, 2, 1, 3])[true]
    # Only 1 and 2 touch.
    assert depth_order_accuracy([true], [true]) == 1
    assert depth_order_accuracy([true], [true * 5]) == 1
    assert depth_order_accuracy([true], [swapped]) == 0
    assert depth_order_accuracy([true, true], [true, swapped]) == 0.5
    assert depth_order_accuracy([true[:, 4:]], [true[:, 4:]]) is None
    # One that was not found is in no order.
    assert depth_order_accuracy([true], [np.where(true == 2, 0, true)]) is None
    # By column too, and labels may have gaps; 3 lies on 1, and 7 on 3.
    tower = np.array([[1, 1], [3, 3], [7, 7]])
    assert depth_order_accuracy([tower], [tower]) == 1
    assert depth_order_accuracy([tower], [np.array([[2, 2], [1, 1], [3, 3]])]) == 0.5


def test_arrays_of_images_and_lists_are_the_same():
    rng = np.random.default_rng(1)
    true, found = rng.integers(0, 3, (2, 5, 6, 6)).astype(np.uint8)
    for metric in (
        mean_adjusted_rand_index,
        mean_best_overlap,
        mask_average_precision,
        count_error,
        depth_order_accuracy,
    ):
        assert metric(true, found) == metric(list(true), list(found))
        with pytest.raises(ValueError, match="4 label images, but the truth of 5"):
            metric(true, found[:4])
        with pytest.raises(ValueError, match="labels of shape"):
            metric([true[0]], [found[0, :3]])
    assert count_error([], []) is None and mean_best_overlap([], []) is None
    with pytest.raises(ValueError, match="one presence for each"):
        mask_average_precision(true, found, [np.ones(1)] * 5)
    with pytest.raises(ValueError, match="labels of shape"):
        contingency(true, found[:4])
