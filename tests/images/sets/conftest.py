"""What holds of every set with masks."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def check_masks():
    """A function that checks that counts, labels, boxes and masks of scenes say the same."""

    def check(scenes, n_labels):
        n, most = scenes.labels.shape
        assert scenes.images.dtype == scenes.masks.dtype == np.uint8
        assert scenes.masks.shape == scenes.images.shape[:3] and scenes.boxes.dtype == np.float32
        there = np.arange(most) < scenes.counts[:, None]
        assert np.array_equal(scenes.labels >= 0, there)
        assert scenes.labels.max(initial=0) < n_labels
        assert np.array_equal(~np.isnan(scenes.boxes).any(axis=2), there)
        for mask, count, boxes in zip(scenes.masks, scenes.counts, scenes.boxes, strict=True):
            assert np.array_equal(np.unique([0, *mask.ravel()]), np.arange(count + 1))
            for k in range(count):
                y, x = np.nonzero(mask == k + 1)
                assert boxes[k].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]

    return check


@pytest.fixture(scope="session")
def check_seeds():
    """A function that checks that the same seed makes the same scenes, and another others."""

    def check(make):
        one, same, other = (make(seed) for seed in (5, 5, 6))
        for field in ("images", "counts", "labels", "boxes", "masks"):
            np.testing.assert_array_equal(getattr(one, field), getattr(same, field))
        assert not np.array_equal(one.images, other.images)

    return check
