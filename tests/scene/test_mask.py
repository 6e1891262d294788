"""Masks: JSON and back is the identity, run lengths are COCO's, and bad ones are refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from airscene.errors import InputError
from airscene.scene import Mask

corners = st.tuples(st.integers(0, 30), st.integers(0, 30))
# Some without a pixel, which is how an object that others hide is drawn.
bits = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9))
masks = st.builds(Mask, corners, bits)
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


def decode(counts, size):
    """Run lengths as pixels, one pixel at a time."""
    line = [run % 2 == 1 for run, length in enumerate(counts) for _ in range(length)]
    height, width = size
    return np.array([[line[x * height + y] for x in range(width)] for y in range(height)], bool)


def whole(mask, size):
    """The mask in its image, one pixel at a time."""
    image = np.zeros(size, bool)
    for (y, x), on in np.ndenumerate(mask.bits):
        row, column = y + mask.corner[1], x + mask.corner[0]
        if row < size[0] and column < size[1]:
            image[row, column] = on
    return image


@given(masks)
def test_json_goes_round(mask):
    data = json.loads(json.dumps(mask.to_dict()))
    assert list(data) == ["corner", "size", "counts"]
    again = Mask.from_dict(data, "mask")
    assert again.corner == mask.corner
    assert again.bits.shape == mask.bits.shape and np.array_equal(again.bits, mask.bits)
    assert again.to_dict() == data


@given(masks, sizes)
def test_run_lengths_of_the_mask_and_of_the_image(mask, size):
    assert sum(mask.counts) == mask.bits.size
    if mask.bits.size:
        assert np.array_equal(decode(mask.counts, mask.size), mask.bits)
    counts = mask.counts_in(size)
    assert np.array_equal(decode(counts, size), whole(mask, size))
    assert sum(counts) == size[0] * size[1]
    assert all(counts[1:])  # no empty run but the first


@given(masks)
def test_area_and_box(mask):
    image = whole(mask, (40, 40))
    assert mask.area == image.sum()
    x0, y0, x1, y1 = mask.box
    if not mask.area:
        assert (x0, y0, x1, y1) == (*mask.corner, *mask.corner)
        return
    rows, columns = np.nonzero(image)
    assert (x0, y0) == (columns.min(), rows.min())
    assert (x1, y1) == (columns.max() + 1, rows.max() + 1)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_a_mask_of_an_image_is_cropped(image):
    mask = Mask.of(image)
    assert np.array_equal(whole(mask, image.shape), image)
    assert mask.area == 0 or mask.box[2:] == tuple(np.add(mask.corner, mask.size[::-1]))


def test_the_contract():
    ring = np.array([[1, 1, 1], [1, 0, 1]], bool)
    mask = Mask((7, 5), ring)
    assert mask.to_dict() == {"corner": [7, 5], "size": [2, 3], "counts": [0, 3, 1, 2]}
    assert (mask.area, mask.box) == (5, (7.0, 5.0, 10.0, 7.0))
    assert repr(mask) == "Mask(5 pixels in 3x2 at (7, 5))"
    # pycocotools 2.0 decodes these to the same pixels.
    assert mask.counts_in((8, 12)) == [61, 2, 6, 1, 7, 2, 17]
    assert Mask((0, 0), np.zeros((2, 2), bool)).counts == [4]
    assert Mask((0, 0), np.zeros((0, 3), bool)).counts == []


RIGHT = {"corner": [7, 5], "size": [2, 3], "counts": [0, 3, 1, 2]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corner": [1]}, r"mask\.corner should be two whole numbers, \[x0, y0\]"),
        ({"corner": [1, -1]}, r"mask\.corner\[1\] should be a whole number of at least 0"),
        ({"corner": [10**400, 0]}, "mask: a mask's corner should be two whole numbers from 0 to"),
        ({"size": [2, 3, 1]}, r"mask\.size should be two whole numbers, \[height, width\]"),
        ({"size": [-2, -3]}, r"mask\.size\[0\] should be a whole number"),
        ({"size": [2, True]}, r"mask\.size\[1\] should be a whole number"),
        ({"size": [20_000, 20_000]}, "mask is of more than 100,000,000 pixels"),
        ({"size": [0, 10**400], "counts": []}, "mask is of more than 100,000,000 pixels"),
        ({"counts": [0, 3, 1, 3]}, r"mask\.counts should sum to 6, the pixels of its size 2x3"),
        ({"counts": [6, 10**4000]}, r"mask\.counts should sum to 6"),
        ({"counts": [7, -1]}, r"mask\.counts\[1\] should be a whole number of at least 0"),
        ({"counts": [6.0]}, r"mask\.counts\[0\] should be a whole number"),
        ({"counts": "6"}, r"mask\.counts should be a list"),
    ],
)
def test_bad_fields(changes, message):
    with pytest.raises(InputError, match=message) as caught:
        Mask.from_dict({**RIGHT, **changes}, "mask")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [None, [], 3, {}, {"corner": [0, 0], "size": [1, 1]}])
def test_no_mask(data):
    with pytest.raises(InputError, match="mask should be an object with the field"):
        Mask.from_dict(data, "mask")


def test_a_mask_that_no_file_could_hold():
    with pytest.raises(InputError, match="corner should be two whole numbers"):
        Mask((-1, 0), np.ones((1, 1), bool))
    huge = np.broadcast_to(np.ones(1, bool), (20_000, 20_000))
    with pytest.raises(InputError, match="more than 100,000,000 pixels"):
        Mask((0, 0), huge)
