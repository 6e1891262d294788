"""Multi-MNIST against its definition. Tolerances are five standard errors; the seeds are fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.images import Digits, LabelledScenes, ink_boxes, multi_mnist, multi_mnist_shrunk

MAKERS = [multi_mnist, multi_mnist_shrunk]


def near(observed, expected, standard_error):
    return np.all(np.abs(observed - expected) <= 5 * standard_error)


def block(height, width):
    """One "digit", a full block of ink, to place by hand."""
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 3 : 3 + height, 5 : 5 + width] = 255
    return Digits(images, np.array([7], np.uint8), "a block")


def test_ink_boxes():
    images = np.zeros((2, 4, 6), np.uint8)
    images[0, 1, 2] = 1
    images[1, 0:3, 1:6] = 255
    assert ink_boxes(images).tolist() == [[2, 1, 3, 2], [1, 0, 6, 3]]
    with pytest.raises(ValueError, match="without ink"):
        ink_boxes(np.zeros((1, 4, 6), np.uint8))


def check_truth(scenes, image_size):
    """What holds of both kinds: black but for the objects, each with its label and box."""
    n, most = scenes.labels.shape
    assert scenes.images.shape == (n, image_size, image_size)
    assert scenes.images.dtype == np.uint8 and scenes.boxes.dtype == np.float32
    there = np.arange(most) < scenes.counts[:, None]
    assert np.array_equal(scenes.labels >= 0, there) and scenes.labels.max(initial=0) <= 9
    assert np.array_equal(~np.isnan(scenes.boxes).any(axis=2), there)
    for image, boxes in zip(scenes.images, scenes.boxes, strict=True):
        outside = image.copy()
        for x0, y0, x1, y1 in boxes[~np.isnan(boxes[:, 0])].astype(int):
            assert 0 <= x0 < x1 <= image_size and 0 <= y0 < y1 <= image_size
            # Each side of a box touches ink.
            inside = image[y0:y1, x0:x1] > 0
            assert inside[0].any() and inside[-1].any() and inside[:, [0, -1]].any(axis=0).all()
            outside[y0:y1, x0:x1] = 0
        assert not outside.any()


def overlap(boxes):
    """Whether any two boxes of one scene share a pixel."""
    boxes = boxes[~np.isnan(boxes[:, 0])]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            if (np.minimum(a[2:], b[2:]) > np.maximum(a[:2], b[:2])).all():
                return True
    return False


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([(0, 1, 2), (1,), (3,), (0, 1, 3), (2, 2, 0)]),
    st.sampled_from([(50, 28), (50, 14), (50, 9), (80, 36), (60, 28)]),
)
def test_ink_is_inside_and_apart(digits, seed, counts, sizes):
    image_size, digit_size = sizes
    scenes = multi_mnist(
        digits, 30, seed=seed, counts=counts, image_size=image_size, digit_size=digit_size
    )
    check_truth(scenes, image_size)
    assert not any(overlap(boxes) for boxes in scenes.boxes)
    assert set(scenes.counts) <= set(counts) and scenes.labels.shape == (30, max(counts))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(0, 1, 2), (3,)]), st.integers(40, 64))
def test_shrunk_scenes_hold_true(digits, seed, counts, image_size):
    scenes = multi_mnist_shrunk(digits, 30, seed=seed, counts=counts, image_size=image_size)
    check_truth(scenes, image_size)
    assert set(scenes.counts) <= set(counts)


def test_digits_are_pasted_whole(digits):
    """Each scene is exactly the sum of digits of its labels at the places of its boxes."""
    scenes = multi_mnist(digits, 50, seed=3)
    ink = ink_boxes(digits.images)
    crops = {}
    for image, label, (x0, y0, x1, y1) in zip(digits.images, digits.labels, ink, strict=True):
        crops[image[y0:y1, x0:x1].tobytes()] = label
    for image, labels, boxes in zip(scenes.images, scenes.labels, scenes.boxes, strict=True):
        for label, box in zip(labels[labels >= 0], boxes[labels >= 0].astype(int), strict=True):
            assert crops[image[box[1] : box[3], box[0] : box[2]].tobytes()] == label


@pytest.mark.parametrize("make", MAKERS)
def test_seeds(digits, make):
    one, same, other = (make(digits, 40, seed=seed) for seed in (5, 5, 6))
    for field in ("images", "counts", "labels", "boxes"):
        assert np.array_equal(getattr(one, field), getattr(same, field), equal_nan=field == "boxes")
    assert not np.array_equal(one.images, other.images)


@pytest.mark.parametrize("make", MAKERS)
def test_counts_and_labels_are_equally_likely(digits, make):
    n = 3000
    scenes = make(digits, n, seed=0)
    share = np.bincount(scenes.counts, minlength=3) / n
    assert near(share, 1 / 3, np.sqrt(2 / 9 / n))
    # The label tells nothing of the place in the list: digits are drawn with replacement.
    drawn = scenes.labels[scenes.labels >= 0]
    expected = np.bincount(digits.labels) / len(digits)
    assert near(
        np.bincount(drawn) / len(drawn), expected, np.sqrt(expected * (1 - expected) / len(drawn))
    )


def test_no_digits_at_all(digits):
    scenes = multi_mnist(digits, 5, seed=0, counts=(0,))
    assert not scenes.images.any() and scenes.labels.shape == (5, 0)


def test_a_count_that_no_scene_has(digits):
    for seed in range(5):
        check_truth(multi_mnist(digits, 1, seed=seed), 50)


def test_one_digit_is_placed_uniformly():
    """Every place of a 20x10 block of ink in 24x24, frame sticking out, is equally likely."""
    n = 20_000
    scenes = multi_mnist(block(20, 10), n, seed=1, counts=(1,), image_size=24)
    places = np.zeros((5, 15))
    corners = scenes.boxes[:, 0, :2].astype(int)
    np.add.at(places, (corners[:, 1], corners[:, 0]), 1)
    p = 1 / places.size
    assert near(places / n, p, np.sqrt(p * (1 - p) / n))


@pytest.mark.parametrize(("count", "width", "side"), [(2, 3, 5), (3, 2, 4)])
def test_placements_are_jointly_uniform(count, width, side):
    """All ways to lay blocks 2 high apart, listed by brute force, are equally likely."""
    n = 20_000
    scenes = multi_mnist(block(2, width), n, seed=2, counts=(count,), image_size=side)
    corners = [(x, y) for x in range(side - width + 1) for y in range(side - 1)]
    places = [np.array([x, y, x + width, y + 2], float) for x, y in corners]
    ways = {}
    for choice in np.ndindex(*[len(places)] * count):
        boxes = np.array([places[i] for i in choice])
        if not overlap(boxes):
            ways[boxes.tobytes()] = 0
    for boxes in scenes.boxes.astype(float):
        ways[boxes.tobytes()] += 1
    assert len(ways) > 3
    p = 1 / len(ways)
    assert near(np.array(list(ways.values())) / n, p, np.sqrt(p * (1 - p) / n))


def test_the_last_placement_is_found():
    """Four blocks that fit in one way only, up to order."""
    scenes = multi_mnist(block(5, 5), 20, seed=0, counts=(4,), image_size=10)
    assert (scenes.images == 255).all()
    assert len({boxes.tobytes() for boxes in scenes.boxes}) > 1


def test_shrunk_factors_and_places():
    """Sizes as int(28 / f), f ~ N(1.3, 0.1); frames uniform inside the image."""
    full = Digits(np.full((1, 28, 28), 99, np.uint8), np.zeros(1, np.uint8), "all ink")
    n = 20_000
    boxes = multi_mnist_shrunk(full, n, seed=0, counts=(1,)).boxes[:, 0]
    sizes = (boxes[:, 2] - boxes[:, 0]).astype(int)
    assert np.array_equal(sizes, boxes[:, 3] - boxes[:, 1])
    factors = np.random.default_rng(1).normal(1.3, 0.1, 1_000_000)
    expected = np.bincount((28 / factors).astype(int), minlength=41) / 1_000_000
    observed = np.bincount(sizes, minlength=41) / n
    assert near(observed, expected, np.sqrt(expected * (1 - expected) / n) + 1 / n)
    # Corner in 0..50 - size, so (corner + 1/2) / (51 - size) has mean 1/2.
    places = (boxes[:, :2] + 0.5) / (51 - sizes[:, None])
    assert near(places.mean(axis=0), 0.5, np.sqrt(1 / 12 / n))
    assert np.isin([0, 50], [boxes[:, :2].min(), boxes[:, 2:].max()]).all()


def test_shrunk_scenes_beyond_white_are_drawn_again():
    """Grey below half may overlap and adds up; white may not overlap."""
    grey = Digits(np.full((1, 28, 28), 100, np.uint8), np.zeros(1, np.uint8), "grey")
    scenes = multi_mnist_shrunk(grey, 200, seed=0, counts=(2,))
    assert set(np.unique(scenes.images)) == {0, 100, 200}
    sides = scenes.boxes[..., 2:] - scenes.boxes[..., :2]
    assert np.array_equal(scenes.images.sum(axis=(1, 2)), 100 * sides.prod(axis=2).sum(axis=1))
    white = Digits(np.full((1, 28, 28), 255, np.uint8), np.zeros(1, np.uint8), "white")
    scenes = multi_mnist_shrunk(white, 200, seed=0, counts=(0, 2))
    assert not any(overlap(boxes) for boxes in scenes.boxes)
    assert 50 < (scenes.counts == 2).sum() < 150


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "options",
    [
        {"n": 0},
        {"seed": -1},
        {"counts": ()},
        {"counts": (0, -1)},
        {"image_size": 0},
        {"image_size": 10},
    ],
)
def test_options_out_of_range(digits, make, options):
    with pytest.raises(InputError):
        make(digits, **({"n": 10, "seed": 0} | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"digit_size": 0}, "digit_size is 0"),
        ({"counts": (5,), "image_size": 30}, "no room for a count of 5"),
        ({"counts": (1,), "digit_size": 90}, "no room for a count of 1"),
    ],
)
def test_digits_that_cannot_fit(digits, options, message):
    with pytest.raises(InputError, match=message):
        multi_mnist(digits, 10, seed=0, **options)


def test_digits_that_fit_by_area_but_not_by_shape():
    with pytest.raises(InputError, match="no room for a count of 2"):
        multi_mnist(block(6, 6), 10, seed=0, counts=(2,), image_size=10)


def test_repr():
    scenes = LabelledScenes(
        images=np.zeros((3, 4, 5), np.uint8),
        counts=np.array([0, 2, 2]),
        labels=np.full((3, 2), -1),
        boxes=np.full((3, 2, 4), np.nan, np.float32),
        source="a test",
    )
    assert repr(scenes) == "LabelledScenes(3 images of 5x4, counts: 1 of 0, 2 of 2; a test)"
    assert len(scenes) == 3
