"""What is too large to be an object is taken for ground."""

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.background.smooth import Smooth
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.model.patch.look import first_look
from airscene.model.patch.prepare import prepare

KNOWN = Calibration(size=0.1, short_side=240.0, contrast=0.5, noise=0.0, sigma=0.1, worth=400.0)
PLACES = ((60, 40), (200, 50), (300, 190), (60, 200))


def scene(with_bar):
    """Four dark discs of 24 pixels on a light ground, and a bar of 30 by 160, aslant."""
    y, x = np.mgrid[:240, :360] + 0.5
    image = np.full((240, 360), 0.8)
    for a, b in PLACES:
        image[np.hypot(x - a, y - b) < 12] = 0.2
    along, across = ((x - 190) + s * (y - 120) for s in (0.5, -2.0))
    if with_bar:
        image[(abs(along) < 90) & (abs(across) < 34)] = 0.3
    return image.astype(np.float32)


def seen(image, size):
    c = PatchConfig(
        channels=1,
        object_size="24px",
        sizes="alike",
        exposure="alike",
        background="smooth",
        ignore_larger_than=size,
        calibration=KNOWN,
    )
    return prepare(c, Smooth(), image, "x").less


@pytest.mark.parametrize("size", ["60px", "0.25"])
def test_a_bar_is_ground_and_discs_are_not(size):
    without, kept, none = seen(scene(True), size), seen(scene(True), ""), seen(scene(False), "")
    assert (np.abs(kept) > 0.25).sum() > 1.5 * (np.abs(none) > 0.25).sum()
    assert ((np.abs(without) > 0.25) == (np.abs(none) > 0.25)).mean() > 0.999
    for x, y in PLACES:
        assert abs(without[0, y // 2, x // 2]) > 0.5


def test_discs_that_are_larger_than_that_go_too():
    assert np.abs(seen(scene(True), "20px")).max() < 0.1


def test_the_object_size_is_estimated_without_it():
    images = [scene(True), scene(True)[::-1]]
    sizes = [
        first_look(images, PatchConfig(channels=1, ignore_larger_than=size)).sizes.typical * 240
        for size in ("", "60px")
    ]
    assert sizes[0] > 33 and abs(sizes[1] - 26) < 4


def test_a_size_that_is_none():
    with pytest.raises(InputError, match="--ignore-larger-than is big; it should be pixels"):
        PatchConfig(ignore_larger_than="big")
