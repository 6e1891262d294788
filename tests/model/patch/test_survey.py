"""A survey says what images are like, from images made for it."""

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import first_look, look
from airscene.model.patch.survey import LOOKED, evenly, survey


def discs(places, radius, size=(96, 96), ground=0.7, disc=0.2):
    """Dark discs on a light ground, their edges soft."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    image = np.full(size, ground, np.float32)
    for x, y in places:
        inside = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0.0, 1.0)
        image += (disc - ground) * inside.astype(np.float32)
    return image


def write(folder, images):
    folder.mkdir(exist_ok=True)
    for k, image in enumerate(images):
        Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(folder / f"{k:02}.png")
    return str(folder)


def some(n, rng, radius=8, **options):
    """Images of two or three discs, each in a part of its own."""
    images = []
    for _ in range(n):
        parts = rng.permutation(9)[: rng.integers(2, 4)]
        places = [(16 + 32 * (k % 3), 16 + 32 * (k // 3)) + rng.uniform(-6, 6, 2) for k in parts]
        images.append(discs(places, radius, **options))
    return images


def test_size_number_and_ground_are_found(tmp_path):
    rng = np.random.default_rng(0)
    found = survey([write(tmp_path / "a", some(12, rng))], PatchConfig())
    assert found.sizes == 12 * [(96, 96)] and found.channels == 1
    assert found.trouble == "" and found.looked is not None
    assert found.first.sizes.typical * found.short_side == pytest.approx(19, abs=3)
    assert 2 <= found.first.sizes.n_objects <= 3
    assert found.first.config.background == "smooth"
    assert found.saturated == 0.0


def test_damaged_files_are_listed_and_the_rest_goes_on(tmp_path):
    rng = np.random.default_rng(0)
    folder = write(tmp_path / "a", some(5, rng))
    whole = (tmp_path / "a" / "00.png").read_bytes()
    (tmp_path / "a" / "zz.png").write_bytes(whole[: len(whole) // 2])
    found = survey([folder], PatchConfig())
    assert len(found.sizes) == 5
    assert [source for source, _ in found.damaged] == [str(tmp_path / "a" / "zz.png")]


def test_images_that_are_all_alike_are_trouble(tmp_path):
    found = survey([write(tmp_path / "a", 4 * some(1, np.random.default_rng(0)))], PatchConfig())
    assert "alike" in found.trouble and found.looked is None


def test_no_image_at_all_is_refused(tmp_path):
    (tmp_path / "x.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no image can be read"):
        survey([str(tmp_path)], PatchConfig())


def test_white_discs_on_grey_are_saturated(tmp_path):
    rng = np.random.default_rng(0)
    images = some(6, rng, ground=0.5, disc=1.0)
    assert survey([write(tmp_path / "a", images)], PatchConfig()).saturated > 0.02


def test_pixels_are_told_as_a_share_of_large_images(tmp_path):
    rng = np.random.default_rng(0)
    images = [np.kron(image, np.ones((20, 20))) for image in some(3, rng)]
    found = survey([write(tmp_path / "a", images)], PatchConfig(object_size="384px"))
    assert found.first.config.object_size == "0.200000"
    # Shrunk by a whole number.
    assert {image.shape for _, image in found.named} == {(960, 960)}
    assert found.short_side == 1920


def test_evenly_takes_all_of_few_and_some_of_each_part():
    assert evenly([1, 2, 3], 5) == [1, 2, 3]
    assert evenly(range(100), 4) == [12, 37, 62, 87]
    assert len(evenly(range(LOOKED + 1), LOOKED)) == LOOKED


def test_a_first_look_is_not_done_twice():
    rng = np.random.default_rng(0)
    named = [(f"{k}", image) for k, image in enumerate(some(6, rng))]
    config = PatchConfig(channels=1)
    first = first_look([image for _, image in named], config)
    again, once = look(named, config, first), look(named, config)
    assert again.config == once.config
    assert again.sizes is first.sizes
