"""How images are loaded: on what ground, one at a time, and past damaged files."""

import inspect
import itertools
import weakref

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.images import image_set, load_images
from airscene.images.load import each_image

PIXELS = np.full((6, 9), 255, np.uint8)


def bare(function):
    """A function of load_images' own, without the checks of types that tests add."""
    return getattr(function, "__wrapped__", function)


def names(images):
    return [source.rpartition("/")[2] for source, _ in images]


@pytest.fixture
def folder(tmp_path):
    """Sound and damaged files, by turns."""
    save = Image.fromarray(PIXELS).save
    save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:50])
    save(tmp_path / "c.tif", save_all=True, append_images=[Image.fromarray(PIXELS)] * 2)
    (tmp_path / "d.jpg").write_bytes(b"")
    (tmp_path / "e.bmp").mkdir()
    stack = np.stack([PIXELS / 255, PIXELS / 0.1, PIXELS / 255])
    np.save(tmp_path / "f.npy", stack)
    (tmp_path / "g.webp").symlink_to(tmp_path / "nothing")
    (tmp_path / "h.npz").write_bytes(b"PK\x03\x04")
    save(tmp_path / "i.webp")
    return tmp_path


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("load", [load_images, each_image])
def test_damaged_files_are_noted_and_the_rest_goes_on(folder, load, as_list):
    damaged = [("before", "it stays")]
    given = f"{folder}/*" if as_list else folder
    images = list(load(given, damaged=damaged))
    sound = ["a.png", "c.tif[0]", "c.tif[1]", "c.tif[2]", "f.npy[0]", "f.npy[2]", "i.webp"]
    assert names(images) == sound
    assert all(image.min() == image.max() == 1 for _, image in images)
    bad = ["before", "b.png", "d.jpg", "e.bmp", "f.npy[1]", "g.webp", "h.npz"]
    assert names(damaged) == bad
    reasons = ("", "cut short", "0 bytes", "not a file", "from 2550", "there is no", "cut short")
    for (source, reason), part in zip(damaged[1:], reasons[1:], strict=True):
        assert part in reason and source in reason and "\n" not in reason


def test_without_a_list_the_first_damaged_file_is_refused(folder):
    images = each_image(folder)
    assert names([next(images)]) == ["a.png"]
    with pytest.raises(InputError, match="b.png is cut short"):
        next(images)


def test_a_damaged_page_is_noted_and_the_rest_goes_on(tmp_path):
    path, pages = tmp_path / "x.tif", [Image.fromarray(PIXELS)] * 3
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    with Image.open(path) as picture:
        picture.seek(1)
        (start,), (n,) = picture.tag_v2[273], picture.tag_v2[279]
    content = bytearray(path.read_bytes())
    content[start : start + n] = b"\xff" * n
    path.write_bytes(content)
    damaged = []
    assert names(load_images(path, damaged=damaged)) == ["x.tif[0]", "x.tif[2]"]
    assert names(damaged) == ["x.tif[1]"]


def test_what_comes_before_a_cut_is_read(tmp_path):
    path, pages = tmp_path / "x.tif", [Image.fromarray(PIXELS)] * 3
    pages[0].save(path, save_all=True, append_images=pages[1:])
    path.write_bytes(path.read_bytes()[:-100])
    damaged = []
    assert names(load_images(path, damaged=damaged)) == ["x.tif[0]", "x.tif[1]"]
    ((source, reason),) = damaged
    assert source == str(path) and reason.startswith(f"{path}[2] is cut short or damaged")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["{}/a.png", "{}/x.png"], "there is no file .*x.png"),
        (["{}/a.png", "{}/empty"], "no image in the folder"),
        (["{}/a.png", "{}/*.jpx"], "nothing matches"),
        (["{}/a.png", None], r"array\[1\] is of type NoneType"),
        (["{}/a.png", np.zeros(5)], r"array\[1\] is of shape \[5\]"),
        (["{}/a.png", np.full((6, 9), 2.0)], r"array\[1\] has values from 2 to 2"),
        ([], "no images given"),
        (3, "the images are of type int"),
    ],
)
def test_what_is_refused_all_the_same(folder, given, message):
    (folder / "empty").mkdir()
    if isinstance(given, list):
        given = [one.format(folder) if isinstance(one, str) else one for one in given]
    damaged = []
    with pytest.raises(InputError, match=message):
        bare(load_images)(given, damaged=damaged)
    assert not damaged


def test_none_that_can_be_read(folder):
    damaged = []
    with pytest.raises(InputError) as caught:
        load_images([folder / "b.png", folder / "d.jpg"], damaged=damaged)
    assert names(damaged) == ["b.png", "d.jpg"]
    assert str(caught.value) == f"no image can be read; the first reason of 2 is: {damaged[0][1]}"
    with pytest.raises(InputError, match=r"^no image can be read: .*b\.png is cut short"):
        next(each_image(folder / "b.png", damaged=damaged))
    assert len(damaged) == 3


def test_paths_are_checked_before_the_first_is_read(folder):
    for given in (folder / "x.png", [folder / "a.png", folder / "x.png"]):
        with pytest.raises(InputError, match="there is no file"):
            each_image(given)
    with pytest.raises(InputError, match="--ground is grey; it should be black or white or auto"):
        bare(each_image)(folder, ground="grey")
    with pytest.raises(InputError, match="--ground is grey"):
        bare(load_images)(folder, ground="grey")


def test_one_image_at_a_time(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "x.png")
    before = []
    for _, image in each_image(itertools.repeat(tmp_path / "x.png", 50)):
        assert all(gone() is None for gone in before)
        before.append(weakref.ref(image))
    assert len(before) == 50


def test_no_file_stays_open(tmp_path, recwarn):
    save = Image.fromarray(PIXELS).save
    save(tmp_path / "x.tif", save_all=True, append_images=[Image.fromarray(PIXELS)] * 2)
    images = each_image(tmp_path)
    next(images)
    del images
    for name in ("x.png", "x.jpg", "x.bmp", "x.webp"):
        save(tmp_path / name)
    load_images(tmp_path)
    assert not [one for one in recwarn if one.category is ResourceWarning]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_picture_of_a_film(tmp_path, kind):
    frames, path = [Image.fromarray(PIXELS // n) for n in (1, 2)], tmp_path / "x.png"
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=9, lossless=True)
    ((source, image),) = load_images(path)
    assert source == str(path) and image.min() == 1


def test_images_may_differ_in_size_but_those_of_a_set(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "x.png")
    Image.fromarray(np.stack([PIXELS[:3]] * 3, 2)).save(tmp_path / "y.png")
    assert [image.shape for _, image in each_image(tmp_path)] == [(6, 9), (3, 9, 3)]
    with pytest.raises(InputError, match="is 9x3 pixels, the images before it 9x6"):
        image_set(tmp_path)


def transparent(colour, mode="RGBA"):
    """A picture whose left two thirds are of a colour, the middle third of them half opaque."""
    picture = Image.new(mode, (9, 6))
    picture.paste((*colour, 255), (0, 0, 3, 6))
    picture.paste((*colour, 128), (3, 0, 6, 6))
    return picture


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize("level", [0, 50, 126, 129, 255])
@pytest.mark.parametrize("ground", ["black", "white", "auto"])
def test_what_transparent_parts_lie_on(tmp_path, mode, in_file, level, ground):
    picture = transparent([level] * (len(mode) - 1), mode)
    given = tmp_path / "x.png" if in_file else picture
    if in_file:
        picture.save(given)
    ((_, image),) = load_images(given, ground=ground)
    under = {"black": 0, "white": 1, "auto": float(level < 127)}[ground]
    opaque, half = level / 255, 128 / 255
    expected = [opaque] * 3 + [opaque * half + under * (1 - half)] * 3 + [under] * 3
    assert image.max() <= 1
    np.testing.assert_allclose(image[0] if mode == "LA" else image[0, :, 1], expected, atol=1e-6)


def test_the_ground_is_that_of_each_picture():
    # By luma blue is dark, and green bright.
    blue, green = transparent((0, 0, 255)), transparent((0, 255, 0))
    nothing = Image.new("RGBA", (9, 6), (0, 0, 0, 0))
    images = load_images([blue, green, nothing, PIXELS], ground="auto")
    assert [image[0, -1].min() for _, image in images] == [1, 0, 0, 1]


def test_it_is_black_unless_asked(tmp_path):
    for function in (load_images, each_image):
        assert inspect.signature(bare(function)).parameters["ground"].default == "black"
    nothing = Image.new("LA", (9, 6), (255, 0))
    assert load_images(nothing)[0][1].max() == next(each_image(nothing))[1].max() == 0
