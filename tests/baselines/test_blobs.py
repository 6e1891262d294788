"""Counting without a model, on discs whose places are known."""

import numpy as np
import pytest

from airscene.baselines.blobs import log_blobs, otsu_watershed
from airscene.evaluation.metrics.scenes import iou

CENTRES = np.array([[20.0, 20.0], [60.0, 22.0], [37.0, 70.0], [55.0, 70.0], [80.0, 55.0]])
SIDE = 20.0


def discs(dark: bool, colour: bool) -> np.ndarray:
    """Five discs, of which two touch."""
    y, x = np.mgrid[:90, :100] + 0.5
    inside = (np.hypot(x[..., None] - CENTRES[:, 0], y[..., None] - CENTRES[:, 1]) < 9.5).any(-1)
    image = np.where(inside, 0.2 if dark else 0.9, 0.9 if dark else 0.2).astype(np.float32)
    return np.stack([image, image, np.full_like(image, 0.5)], axis=-1) if colour else image


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("method", [otsu_watershed, log_blobs])
def test_discs_are_found(method, dark, colour):
    boxes = method(discs(dark, colour), SIDE)
    half = 9.5
    true = np.concatenate([CENTRES - half, CENTRES + half], axis=1)
    assert len(boxes) == 5
    assert (iou(boxes, true).max(axis=0) > 0.5).all()


@pytest.mark.parametrize("method", [otsu_watershed, log_blobs])
def test_boxes_lie_in_the_image(method):
    boxes = method(np.random.default_rng(0).random((40, 70)).astype(np.float32), 12.0)
    assert boxes.shape[1] == 4
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= [70, 40]).all()
