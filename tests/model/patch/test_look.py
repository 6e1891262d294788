"""A picture of the empty ground is that of all images."""

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.model.background.set import Set
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import first_look, look


def cluttered(size=(90, 120), seed=0):
    """Boxes of many sizes: nothing smooth."""
    rng, image = np.random.default_rng(seed), np.full((*size, 3), 0.5)
    for _ in range(12):
        y, x = rng.integers(0, size[0] - 20), rng.integers(0, size[1] - 20)
        height, width = rng.integers(8, 40, 2)
        image[y : y + height, x : x + width] = rng.uniform(0.2, 0.8, 3)
    return image.astype(np.float32)


def with_discs(ground, k):
    """Two discs of 12 pixels, elsewhere in each image, in a light that differs."""
    rows, columns = np.mgrid[: ground.shape[0], : ground.shape[1]]
    out, image = np.zeros(ground.shape[:2], bool), ground + 0.02 * k
    for x, y in ((20 + 25 * k, 20), (100 - 20 * k, 65)):
        out |= np.hypot(rows - y, columns - x) < 6
    image[out] = (0.0, 1.0, 0.0)
    return np.clip(image, 0, 1).astype(np.float32), out


@pytest.fixture
def empty(tmp_path):
    file = tmp_path / "empty.png"
    Image.fromarray(np.rint(255 * cluttered()).astype(np.uint8)).save(file)
    return str(file)


def test_what_differs_from_it_is_left_and_nothing_else(empty):
    # Three images are too few to find what they have in common.
    images, outs = zip(*(with_discs(cluttered(), k) for k in range(3)), strict=True)
    found = first_look(images, PatchConfig(channels=3, background_image=empty))
    assert found.config.background == "set" and isinstance(found.background, Set)
    without = first_look(images, PatchConfig(channels=3))
    assert without.config.background == "smooth"
    for less, smooth, out in zip(found.less, without.less, outs, strict=True):
        strength = np.abs(less).max(axis=0)
        assert strength[out].min() > 0.1 > 0.01 > strength[~out].max()
        assert np.abs(smooth).max(axis=0)[~out].max() > 0.1
    named = [(str(k), image) for k, image in enumerate(images)]
    looked = look(named, PatchConfig(channels=3, object_size="12px", background_image=empty))
    assert looked.config.template_shape == (1, 3, 90, 120)


def test_one_of_another_size_is_stretched_and_one_of_another_shape_refused(empty):
    config = PatchConfig(channels=3, background_image=empty)
    twice = np.kron(cluttered(), np.ones((2, 2, 1))).astype(np.float32)
    found = first_look([with_discs(twice, k)[0] for k in range(2)], config)
    assert found.less[0].shape == (3, 180, 240)
    with pytest.raises(InputError, match="is 120x90, and an image 90x120: it should have the"):
        first_look([np.zeros((120, 90, 3), np.float32)], config)


def test_pictures_that_are_none(tmp_path, empty):
    np.save(tmp_path / "two.npy", np.zeros((2, 90, 120)))
    image = [np.zeros((90, 120, 3), np.float32)]
    with pytest.raises(InputError, match="holds 2 images; it should be one picture"):
        first_look(image, PatchConfig(background_image=str(tmp_path / "two.npy")))
    with pytest.raises(InputError, match="nowhere.png"):
        first_look(image, PatchConfig(background_image=str(tmp_path / "nowhere.png")))
    with pytest.raises(InputError, match="left out with --background-image"):
        PatchConfig(background_image=empty, background="smooth")


def test_a_learnt_ground_is_told_by_its_forms(empty):
    """Of a light that comes from one side or the other, on a bench that is no smooth field."""
    rng, x = np.random.default_rng(3), np.linspace(-0.1, 0.1, 120)[:, None]
    lights = [rng.normal() * x for _ in range(12)]
    images, outs = zip(
        *(with_discs(0.5 + 0.2 * (cluttered() - 0.5) + one, k) for k, one in enumerate(lights)),
        strict=True,
    )
    config = PatchConfig(channels=3, object_size="12px", background="learnt")
    found = look([(str(k), image) for k, image in enumerate(images)], config)
    assert found.config.template_shape == (4, 3, 12, 12)
    assert found.background.pictures.shape == (4, 3, 12, 12)
    assert found.config.calibration.contrast > 0.1
    drawn = np.stack([found.background.draw(one.ground, (90, 120)) for one in found.prepared])
    of_light = np.stack(lights)[..., 0] - np.mean(lights, axis=0)[:, 0]
    profile = drawn.mean(axis=(1, 2)) - drawn.mean(axis=(0, 1, 2))
    # Beside the brightness, which differs too.
    assert np.abs(profile - profile.mean(axis=1, keepdims=True) - of_light).max() < 0.03
    with pytest.raises(
        InputError, match="from 5 images or more, beside .*, and there are 4; leave it out"
    ):
        first_look(images[:4], config)
