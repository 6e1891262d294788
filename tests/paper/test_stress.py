"""Scenes under stress differ from the plain ones in what their name says."""

import numpy as np

from airscene.images import LabelledScenes
from airscene.paper.counting.stress import SHOWN, changed


def test_each_kind_of_change():
    images = np.zeros((20, 30, 30), np.uint8)
    images[:, 10:20, 12:18] = 255
    n = len(images)
    counts, labels = np.ones(n, int), np.zeros((n, 1), int)
    boxes = np.tile(np.array([12.0, 10.0, 18.0, 20.0], np.float32), (n, 1, 1))
    scenes = LabelledScenes(images=images, counts=counts, labels=labels, boxes=boxes, source="x")
    found = dict(changed(scenes))
    assert set(SHOWN) < set(found)
    assert all(x.shape == images.shape and 0 <= x.min() <= x.max() <= 1 for x in found.values())
    assert np.array_equal(found["clean"], images / np.float32(255))
    assert np.allclose(found["ground_0.3"][:, 0, 0], 0.3) and found["ground_0.3"].max() == 1
    assert np.isclose(found["contrast_0.4"].max(), 0.4)
    # Of noise that is clipped at black, half is left: its mean square is half of the variance.
    left = np.square(found["noise_0.2"][:, :, :10]).mean()
    assert abs(left / (0.2**2 / 2) - 1) < 0.05
    sums = {name: found[name].sum() / found["clean"].sum() for name in ("size_0.8", "size_1.25")}
    assert np.allclose([sums["size_0.8"], sums["size_1.25"]], [0.8**2, 1.25**2], rtol=0.03)
    assert len(np.unique(found["together"].reshape(n, -1).max(axis=1))) > 5
