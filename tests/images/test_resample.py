"""Resampling: against Pillow's, and the properties that make it fit for images."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from airscene.images import load_digits, resample
from airscene.images.resample import middle

images = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 30), st.integers(1, 30)),
    elements=st.floats(0, 1),
)
sides = st.integers(1, 60)


@given(images, sides, sides)
def test_stays_in_range_and_keeps_constants(image, height, width):
    out = resample(image, (height, width))
    assert out.shape == (len(image), height, width) and out.dtype == np.float32
    assert out.min() >= image.min() - 1e-5 and out.max() <= image.max() + 1e-5
    constant = resample(np.full_like(image, 0.7), (height, width))
    assert np.allclose(constant, 0.7, atol=1e-5)


@given(images)
def test_its_own_size_changes_nothing(image):
    assert np.allclose(resample(image, image.shape[1:]), image, atol=1e-6)


@settings(max_examples=20)
@given(st.integers(4, 60), st.integers(4, 60))
def test_equals_pillow(height, width):
    digits = load_digits("test", "bundled").images[:3]
    ours = resample(digits.astype(np.float32), (height, width))
    for digit, out in zip(digits, ours, strict=True):
        pillow = Image.fromarray(digit).resize((width, height), Image.Resampling.BILINEAR)
        # Pillow rounds to whole levels after each of its two passes.
        assert np.abs(np.asarray(pillow) - out).max() < 1.5


def test_many_images_at_once_are_as_one_by_one():
    many = np.random.default_rng(0).random((5000, 6, 5))
    out = resample(many, (4, 7))
    assert np.allclose(out[4500], resample(many[4500:4501], (4, 7))[0], atol=1e-6)


def test_the_middle_has_as_much_left_out_on_either_side():
    tall = np.arange(8.0)[:, None] * np.ones((8, 4))
    np.testing.assert_array_equal(middle(tall, (2, 2)), tall[2:6])
    np.testing.assert_array_equal(middle(tall.T, (6, 6)), tall.T[:, 2:6])
