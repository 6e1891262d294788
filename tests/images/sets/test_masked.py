"""Folders of pictures and masks."""

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.images.sets.masked import label_image, load_masked, masked_scenes
from airscene.images.sets.multi_dsprites import multi_dsprites


@pytest.fixture
def folder(tmp_path):
    """A function that writes pictures and masks, each an array or a Pillow image, by name."""

    def write(images=None, masks=None):
        for part, pictures in (("images", images), ("masks", masks)):
            if pictures is None:
                continue
            (tmp_path / part).mkdir()
            for name, picture in pictures.items():
                if not isinstance(picture, Image.Image):
                    picture = Image.fromarray(picture)
                picture.save(tmp_path / part / name)
        return tmp_path

    return write


def numbered(pictures):
    return {f"{i}.png": picture for i, picture in enumerate(pictures)}


LABELS = np.array([[0, 0, 0, 0], [0, 1, 2, 0], [0, 1, 2, 3]], np.uint8)
PICTURE = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)


def test_scenes_come_back(folder):
    scenes = multi_dsprites(3, seed=0)
    where = folder(numbered(scenes.images), numbered(scenes.masks))
    found = load_masked(where)
    assert [source for source, _, _ in found] == [
        str(where / "images" / f"{i}.png") for i in (0, 1, 2)
    ]
    for (_, image, labels), true, mask in zip(found, scenes.images, scenes.masks, strict=True):
        assert image.dtype == np.float32 and np.array_equal(np.rint(255 * image), true)
        assert labels.dtype == np.uint8 and np.array_equal(labels, mask)


def test_sizes_and_kinds_may_differ(folder):
    """Grey and colour, .jpg and .png; masks without a picture are left alone."""
    where = folder(
        {"b.jpg": PICTURE, "a.png": PICTURE[:2, :, 0]},
        {"a.png": LABELS[:2], "b.png": LABELS, "c.png": LABELS},
    )
    (_, a, a_labels), (_, b, b_labels) = load_masked(str(where))
    assert a.shape == (2, 4) and b.shape == (3, 4, 3)
    assert np.array_equal(a_labels, LABELS[:2]) and np.array_equal(b_labels, LABELS)


def test_a_folder_of_one_size_is_a_set(folder):
    true = multi_dsprites(3, seed=0)
    where = folder(numbered(true.images), numbered(true.masks))
    found = masked_scenes(where)
    assert np.array_equal(found.images, true.images) and np.array_equal(found.masks, true.masks)
    assert np.array_equal(found.counts, true.counts)
    most = int(true.counts.max())
    assert np.array_equal(found.boxes, true.boxes[:, :most], equal_nan=True)


def test_grey_among_colours_is_a_colour_and_sizes_are_one(folder):
    where = folder(
        {"a.png": PICTURE[..., 0], "b.png": PICTURE}, {"a.png": LABELS, "b.png": 0 * LABELS}
    )
    found = masked_scenes(where)
    assert found.images.shape == (2, 3, 4, 3) and found.counts.tolist() == [3, 0]
    assert np.array_equal(found.images[0], np.repeat(PICTURE[..., :1], 3, axis=2))
    Image.fromarray(PICTURE[:2]).save(where / "images" / "b.png")
    Image.fromarray(LABELS[:2]).save(where / "masks" / "b.png")
    with pytest.raises(InputError, match="are of 4x2, 4x3; they should be of one size"):
        masked_scenes(where)


COLOURS = np.array([[64, 64, 64], [0, 0, 9], [0, 200, 0], [255, 0, 0]], np.uint8)


def palette():
    picture = Image.fromarray(LABELS, "L")
    picture.putpalette(COLOURS.ravel().tolist())
    assert picture.mode == "P"
    return picture


@pytest.mark.parametrize(
    "mask",
    [
        LABELS,
        # Numbers may have gaps.
        LABELS * 80,
        LABELS.astype(np.uint16) * 1000,
        COLOURS[LABELS],
        palette(),
        # Opaque, and transparent where the ground is.
        np.dstack([COLOURS[LABELS], np.full((3, 4), 255, np.uint8)]),
        np.dstack([COLOURS[LABELS], 255 * (LABELS > 0).astype(np.uint8)]),
    ],
)
def test_ways_to_write_a_mask(folder, mask):
    where = folder(masks={"x.png": mask})
    assert np.array_equal(label_image(where / "masks" / "x.png"), LABELS)


def test_black_and_white(folder):
    where = folder(masks={"x.png": Image.fromarray(LABELS > 0)})
    assert np.array_equal(label_image(where / "masks" / "x.png"), LABELS > 0)


def test_numbers_without_a_ground_are_all_objects(folder):
    where = folder(masks={"x.png": LABELS + 4})
    assert np.array_equal(label_image(where / "masks" / "x.png"), LABELS + 1)


def smooth():
    ramp = np.zeros((20, 20, 3), np.uint8)
    ramp[2:18, 2:18, 0], ramp[2:18, 2:18, 1] = np.mgrid[1:17, 1:17]
    ramp[18, :, 2] = np.arange(20)
    return ramp


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (None, {}, "there is no folder .*images; .* should hold images/NAME.png and masks/NAME"),
        ({}, None, "there is no folder .*masks; "),
        ({}, {}, "no picture in the folder .*images; it should hold .png"),
        ({"a.png": PICTURE}, {"b.png": LABELS}, "there is no mask .*a.png; .*a.png should have"),
        ({"a.png": PICTURE}, {"a.png": LABELS[:2]}, "a.png is 4x2 pixels, .* is 4x3; they should"),
        ({"a.png": smooth()}, {"a.png": smooth()}, "a.png has 27. colours beside the ground; th"),
    ],
)
def test_a_folder_that_is_wrong(folder, images, masks, message):
    where = folder(images, masks)
    with pytest.raises(InputError, match=message) as raised:
        load_masked(where)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not a PNG"), (b"text", "not a PNG"), (None, "cut short or damaged")],
)
def test_a_mask_that_is_damaged(folder, content, message):
    where = folder({"a.png": PICTURE}, {"a.png": np.zeros((50, 50), np.uint8)})
    file = where / "masks" / "a.png"
    file.write_bytes(file.read_bytes()[:50] if content is None else content)
    with pytest.raises(InputError, match=message):
        load_masked(where)


def test_a_mask_that_is_huge(folder, monkeypatch):
    monkeypatch.setattr("airscene.images.sets.masked.MAX_PIXELS", 11)
    where = folder({"a.png": PICTURE}, {"a.png": LABELS})
    with pytest.raises(InputError, match="more than 11 pixels"):
        load_masked(where)
