"""Scenes of many digits against their definition. Tolerances are five standard errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.images import Digits
from airscene.images.config import DataConfig
from airscene.images.sets.many_digits import many_digits


def shared(a, b):
    """The fewer of the columns and the rows that two boxes share."""
    return (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).min()


def most_shared(boxes):
    boxes = boxes[~np.isnan(boxes[:, 0])]
    return max([shared(a, b) for i, a in enumerate(boxes) for b in boxes[:i]], default=-1)


@settings(max_examples=6)
@given(
    st.integers(0, 2**32),
    st.sampled_from([(tuple(range(10)), 128), ((0, 4), 70), ((1,), 33), ((0,), 20)]),
)
def test_truth(check_masks, digits, seed, options):
    counts, image_size = options
    scenes = many_digits(digits, 20, seed=seed, counts=counts, image_size=image_size)
    assert scenes.images.shape == (20, image_size, image_size)
    assert set(scenes.counts) <= set(counts) and scenes.labels.shape == (20, max(counts))
    check_masks(scenes, 10)
    # A digit's mask is its ink.
    assert np.array_equal(scenes.masks > 0, scenes.images > 0)
    # What is hidden of a digit makes its box smaller, never larger.
    assert all(most_shared(boxes) <= 1 for boxes in scenes.boxes)


def block(value=255, side=28):
    """One "digit", a full block of ink."""
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, :side, :side] = value
    return Digits(images, np.array([7], np.uint8), "a block")


def test_sizes_and_places():
    """Frames of 24 to 32 pixels; the outer two are of fewer factors."""
    n = 4000
    boxes = many_digits(block(), n, seed=1, counts=(1,), image_size=60).boxes[:, 0]
    sides = boxes[:, 2:] - boxes[:, :2]
    assert np.array_equal(sides[:, 0], sides[:, 1])
    observed = np.bincount(sides[:, 0].astype(int), minlength=33) / n
    assert observed[:24].sum() == 0 and observed[24:].sum() == pytest.approx(1)
    edges = np.clip(np.arange(23.5, 33) / 28, 0.85, 1.15)
    expected = np.diff(edges) / 0.3
    assert (np.abs(observed[24:] - expected) < 5 * np.sqrt(expected / n)).all()
    places = (boxes[:, :2] + 0.5) / (61 - sides)
    assert (np.abs(places.mean(axis=0) - 0.5) < 5 * np.sqrt(1 / 12 / n)).all()


def test_the_later_of_two_that_share_a_column_lies_above():
    """Two blocks of half ink that hardly fit without a column, or a row, in common."""
    scenes = many_digits(block(128), 600, seed=2, counts=(2,), image_size=63)
    both = (scenes.images > 128).reshape(600, -1).sum(axis=1)
    assert set(np.unique(scenes.images)) == {0, 128, 192}
    touching = np.flatnonzero(both)
    assert len(touching) > 20
    for i in touching:
        # As much as there was of the later one, all of it is visible.
        x0, y0, x1, y1 = scenes.boxes[i, 1].astype(int)
        assert (scenes.masks[i, y0:y1, x0:x1] == 2).all()
        x, y = np.nonzero(scenes.images[i] == 192)
        assert min(np.ptp(x), np.ptp(y)) == 0 and max(np.ptp(x), np.ptp(y)) < 32
        assert (scenes.masks[i][x, y] == 2).all()


def test_counts_and_labels_are_equally_likely(digits):
    n = 2000
    scenes = many_digits(digits, n, seed=3, counts=(0, 1, 2), image_size=80)
    share = np.bincount(scenes.counts, minlength=3) / n
    assert (np.abs(share - 1 / 3) < 5 * np.sqrt(2 / 9 / n)).all()
    drawn = scenes.labels[scenes.labels >= 0]
    expected = np.bincount(digits.labels) / len(digits)
    error = np.sqrt(expected / len(drawn))
    assert (np.abs(np.bincount(drawn) / len(drawn) - expected) < 5 * error).all()


def test_seeds(check_seeds, digits):
    check_seeds(lambda seed: many_digits(digits, 20, seed=seed, counts=(0, 3)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "at least one"),
        ({"counts": ()}, "counts is"),
        ({"counts": (256,)}, "at most 255"),
        ({"counts": (1,), "image_size": 9}, "no room for a count of 1"),
        ({"counts": (9,), "image_size": 40}, "no room for a count of 9"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        many_digits(block(side=20), **{"n": 5, "seed": 0, **options})


def test_options_of_the_set():
    config = DataConfig.usual("many-digits", digits="bundled", n_test=2)
    assert config.counts == tuple(range(10)) and config.image_size == 128
    assert config.load("test").images.shape == (2, 128, 128)
    with pytest.raises(InputError, match="--digit-size is not for many-digits"):
        DataConfig("many-digits", digit_size=20)
