"""What white is in pictures of more than 8 bits, and that no more is read for it than must be."""

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError, InputWarning
from airscene.images import load_images, pictures
from airscene.images.load import each_image


def deep(largest):
    pixels = np.zeros((6, 9), np.uint16)
    pixels[2, 3] = largest
    return pixels


def write(folder, **pages):
    """Writes PNG files, or TIFF files if their names end in an underscore, of arrays."""
    for name, pixels in pages.items():
        first, *rest = map(Image.fromarray, pixels if isinstance(pixels, list) else [pixels])
        if name.endswith("_"):
            first.save(folder / f"{name}.tif", save_all=True, append_images=rest)
        else:
            first.save(folder / f"{name}.png")


def brightest(given):
    return [float(image.max()) for _, image in load_images(given)]


@pytest.fixture
def decoded(monkeypatch):
    """The names of the pictures that are decoded, in order; "" for one that is only looked at."""
    names, decode = [], pictures.decode

    def noted(picture, name):
        names.append(name.rpartition("/")[2])
        return decode(picture, name)

    for module in ("pictures", "load"):
        monkeypatch.setattr(f"airscene.images.{module}.decode", noted)
    return names


@pytest.mark.parametrize(
    ("largest", "white"),
    [
        ((4095,), 4095),
        ((256,), 4095),
        ((4096,), 65535),
        ((1000, 100, 4095), 4095),
        ((100, 1000, 4096), 65535),
        ((4096, 100), 65535),
        ((65535, 1), 65535),
        ((255, 254), 65535),
    ],
)
@pytest.mark.filterwarnings("ignore::airscene.errors.InputWarning")
def test_white_of_16_bits_is_that_of_all_of_them(tmp_path, largest, white):
    expected = pytest.approx([value / white for value in largest])
    write(tmp_path, **{f"x{i}": deep(value) for i, value in enumerate(largest)})
    assert brightest(tmp_path) == expected
    assert brightest([str(tmp_path / f"x{i}.png") for i in range(len(largest))]) == expected
    # Pillow images are as files are, and pages as files.
    assert brightest([Image.fromarray(deep(value)) for value in largest]) == expected
    write(tmp_path, pages_=[deep(value) for value in largest])
    assert brightest(tmp_path / "pages_.tif") == expected
    # Others have no say.
    colour = np.full((6, 9, 3), 255, np.uint8)
    given = [colour, tmp_path / "pages_.tif", deep(65535), Image.fromarray(colour)]
    assert brightest(given)[1:-2] == expected


def test_arrays_of_16_bits_are_as_they_say():
    assert brightest(deep(4095)) == [pytest.approx(4095 / 65535)]


def test_8_bits_saved_as_16_are_warned_of(tmp_path):
    write(tmp_path, x=deep(255))
    with pytest.warns(InputWarning, match=r"x\.png: the largest value is 0\.0039 of white"):
        load_images(tmp_path)


def test_damaged_ones_have_no_say(tmp_path):
    write(tmp_path, a=deep(2000), b=deep(60_000))
    path = tmp_path / "b.png"
    path.write_bytes(path.read_bytes()[:-30])
    damaged = []
    ((_, image),) = load_images(tmp_path, damaged=damaged)
    assert image.max() == pytest.approx(2000 / 4095) and len(damaged) == 1


@pytest.mark.parametrize(
    ("largest", "looked_at"),
    [((), 0), ((5000, 100, 100), 1), ((100, 5000, 100), 2), ((100, 100, 4000), 3)],
)
def test_no_more_is_looked_at_than_must_be(tmp_path, decoded, largest, looked_at):
    write(tmp_path, a=np.zeros((6, 9), np.uint8), z=np.zeros((6, 9, 3), np.uint8))
    write(tmp_path, **{f"k{i}": deep(value) for i, value in enumerate(largest)})
    images = each_image(tmp_path)
    assert not decoded
    assert next(images)[0].endswith("a.png") and decoded == ["a.png"]
    rest = [f"k{i}.png" for i in range(len(largest))]
    assert len(list(images)) == len(largest) + 1
    # Once, and as many of 16 bits once more as it takes; of 8 bits none.
    assert decoded == ["a.png", *rest[:looked_at], *rest, "z.png"]


def floats(largest):
    return np.linspace(0, largest, 54, dtype=np.float32).reshape(6, 9)


@pytest.mark.parametrize(
    ("largest", "white"),
    [
        ((0.5,), 1),
        ((1,), 1),
        ((1.5,), 255),
        ((255,), 255),
        ((256,), 65535),
        ((65535,), 65535),
        ((0.5, 200), 255),
        ((0.5, 200, 300), 65535),
    ],
)
@pytest.mark.filterwarnings("ignore::airscene.errors.InputWarning")
def test_white_of_floats_is_that_of_a_tiff_file(tmp_path, largest, white):
    write(tmp_path, a_=[floats(value) for value in largest], b_=floats(0.25))
    expected = [value / white for value in largest]
    assert brightest(tmp_path) == pytest.approx([*expected, 0.25])
    picture = Image.open(tmp_path / "a_.tif")
    if len(largest) == 1:
        assert brightest([picture]) == pytest.approx(expected)


def test_floats_that_are_not_of_a_file_are_in_0_to_1():
    with pytest.raises(
        InputError, match=r"array has values from 0 to 255; floats should be in \[0"
    ):
        load_images(Image.fromarray(floats(255)))


@pytest.mark.parametrize("bad", [-0.5, np.nan, np.inf, 65536.0])
def test_a_page_of_bad_floats_has_no_say(tmp_path, bad):
    wrong = floats(1)
    wrong[0, 0] = bad
    write(tmp_path, x_=[floats(1), wrong, floats(200)])
    damaged = []
    images = load_images(tmp_path, damaged=damaged)
    assert [image.max() for _, image in images] == pytest.approx([1 / 255, 200 / 255])
    ((source, reason),) = damaged
    assert source == f"{tmp_path}/x_.tif[1]" and reason.startswith(source)


@pytest.mark.parametrize(
    ("largest", "white"), [((200,), 255), ((300,), 65535), ((2, 300), 65535), ((2, 200), 255)]
)
def test_white_of_32_bits_is_that_of_a_file(tmp_path, largest, white):
    write(tmp_path, a_=[np.full((6, 9), value, np.int32) for value in largest])
    assert brightest(tmp_path) == pytest.approx([value / white for value in largest])
