"""What is estimated from images: object size, brightness and noise."""

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.images import load_digits, multi_mnist, sprites
from airscene.images.estimates import (
    NATS,
    ROOM,
    SIGMA,
    estimate_brightness,
    estimate_object_size,
    estimate_sigma,
)


@pytest.fixture(scope="module")
def digits():
    return load_digits("test", "bundled")


@pytest.mark.parametrize(
    ("size", "image", "least", "most"), [(28, 50, 0.38, 0.46), (9, 50, 0.13, 0.2)]
)
def test_object_size_is_that_of_the_ink(digits, size, image, least, most):
    scenes = multi_mnist(digits, 500, seed=0, digit_size=size, image_size=image)
    assert least < estimate_object_size(scenes.images) < most


def test_digits_at_their_own_size_keep_the_papers_sigma(digits):
    assert estimate_sigma(multi_mnist(digits, 500, seed=0).images) == SIGMA


def test_small_digits_are_made_worth_explaining(digits):
    images = multi_mnist(digits, 500, seed=0, digit_size=9).images
    sigma = estimate_sigma(images)
    squares = np.square(images / 255.0).sum(axis=(1, 2))
    assert sigma < SIGMA
    # As rounded to four decimals.
    assert squares[squares > 0].mean() / (2 * sigma**2) == pytest.approx(NATS, rel=2e-3)


def test_empty_images_among_them_change_nothing(digits):
    images = multi_mnist(digits, 100, seed=0, digit_size=9).images
    more = np.concatenate([images, np.zeros((400, 50, 50), np.uint8)])
    assert estimate_sigma(more) == estimate_sigma(images)


def test_black_images_keep_the_papers_sigma():
    assert estimate_sigma(np.zeros((3, 8, 8), np.uint8)) == SIGMA


def test_faint_images_are_not_called_black():
    faint = np.full((3, 8, 8, 3), 1, np.uint8)
    faint[1, 2:4, 2:4, 1] = 60
    with pytest.raises(InputError, match="too faint .* no pixel is above 60 of 255; .* contrast"):
        estimate_object_size(faint)
    with pytest.raises(InputError, match="the images are all black"):
        estimate_object_size(np.zeros((3, 8, 8), np.uint8))


@pytest.mark.parametrize(("overlapping", "own"), [("sum", 127), ("clip", 255), ("over", 255)])
def test_brightness_is_that_of_one_object(overlapping, own):
    """Also where most scenes have two that overlap, and are twice as bright there."""
    for options in ({"counts": (0, 1, 2)}, {"counts": (2,), "least_overlap": 0.3}):
        images = sprites(300, seed=0, overlapping=overlapping, **options).images
        expected = min(1.0, ROOM * own / 255)
        assert estimate_brightness(images) == pytest.approx(expected, abs=1e-3)


def test_brightness_of_black_images():
    with pytest.raises(InputError, match="no pixel is bright enough"):
        estimate_brightness(np.full((3, 8, 8), 20, np.uint8))
