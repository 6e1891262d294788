"""Label images and their boxes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airscene.images import multi_mnist, sprites
from airscene.images.truth import mask_boxes, uncounted


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 8), st.integers(1, 8))
def test_mask_boxes_against_loops(seed, most, height, width):
    masks = np.random.default_rng(seed).integers(0, most + 2, (6, height, width), np.uint8)
    boxes = mask_boxes(masks, most)
    assert boxes.shape == (6, most, 4)
    for mask, of_image in zip(masks, boxes, strict=True):
        for k in range(most):
            y, x = np.nonzero(mask == k + 1)
            if len(y):
                assert of_image[k].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
            else:
                assert np.isnan(of_image[k]).all()


def test_mask_boxes_of_many_images_and_of_none():
    masks = np.zeros((1500, 2, 3), np.uint8)
    masks[1400, 1, 2] = 1
    boxes = mask_boxes(masks, 1)
    assert np.flatnonzero(~np.isnan(boxes[:, 0, 0])).tolist() == [1400]
    assert boxes[1400, 0].tolist() == [2, 1, 3, 2]
    assert mask_boxes(masks, 0).shape == (1500, 0, 4)
    assert mask_boxes(masks[:0], 2).shape == (0, 2, 4)


def test_sets_without_masks_have_none(digits):
    assert multi_mnist(digits, 2, seed=0).masks is None and sprites(2, seed=0).masks is None
    assert uncounted(np.zeros((2, 4, 4), np.uint8), "mine").masks is None
