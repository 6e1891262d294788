"""One's own images: every kind that is read, and every bad input refused in one line."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from airscene.errors import InputError, InputWarning
from airscene.images import fit_image, image_set, load_images

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 9), np.uint8)
GREY[0, :2] = 0, 255
COLOUR = RNG.integers(0, 256, (6, 9, 3), np.uint8)


def only(path):
    ((source, image),) = load_images(path)
    assert source == str(path) and image.dtype == np.float32
    return image


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "RGB", "RGBA", "I;16"])
def test_png_modes(tmp_path, mode):
    path = tmp_path / "x.png"
    if mode == "I;16":
        wide = GREY.astype(np.uint16) * 257
        Image.fromarray(wide).save(path)
        expected = GREY / 255
    elif mode == "1":
        Image.fromarray(GREY > 99).save(path)
        expected = (GREY > 99).astype(float)
    elif mode == "P":
        picture = Image.fromarray(COLOUR).quantize(8)
        picture.save(path)
        expected = np.asarray(picture.convert("RGB")) / 255
    else:
        base, alpha = (GREY if mode[0] == "L" else COLOUR), mode.endswith("A")
        opacity = RNG.integers(0, 256, (6, 9, 1), np.uint8)
        planes = [base.reshape(6, 9, -1)] + ([opacity] if alpha else [])
        Image.fromarray(np.concatenate(planes, axis=2).squeeze()).save(path)
        over_black = planes[0] / 255 * (opacity / 255 if alpha else 1)
        expected = over_black.reshape(base.shape)
    assert Image.open(path).mode == mode
    image = only(path)
    assert image.shape == expected.shape and np.allclose(image, expected, atol=1e-6)


def test_a_palette_with_transparency_is_laid_over_black(tmp_path):
    path = tmp_path / "x.png"
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.save(path, transparency=0)
    assert np.array_equal(only(path), [[[0, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 0]]])


@pytest.mark.parametrize("pixels", [GREY, COLOUR])
def test_jpeg(tmp_path, pixels):
    path = tmp_path / "x.JPG"
    smooth = np.full_like(pixels, 80)
    Image.fromarray(smooth).save(path, "JPEG", quality=95)
    assert np.allclose(only(path), smooth / 255, atol=0.02) and only(path).shape == pixels.shape


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_are_turned_as_their_exif_data_say(tmp_path, kind):
    path, held = tmp_path / "x.png", Image.Exif()
    held[0x0112] = 6  # turned a quarter anticlockwise when taken
    pixels = np.zeros((16, 32), np.uint8)
    pixels[:, :16] = 255
    Image.fromarray(pixels).save(path, kind, exif=held)
    assert np.allclose(only(path), np.rot90(pixels, -1) / 255, atol=0.02)


def test_damaged_exif_data_say_nothing(tmp_path, recwarn):
    path = tmp_path / "x.jpg"
    Image.fromarray(np.full((8, 16), 80, np.uint8)).save(path, exif=b"Exif\0\0MM\0*\xff\xff\xff")
    assert only(path).shape == (8, 16) and not recwarn


def test_a_npy_file_of_colour_images(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 6, 9, 3), np.uint8))
    assert [image.shape for _, image in load_images(tmp_path / "x.npy")] == [(6, 9, 3)] * 2


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64", ">f4"])
def test_npy(tmp_path, dtype):
    path = tmp_path / "x.npy"
    stored = GREY if dtype == "uint8" else (GREY / 255).astype(dtype)
    np.save(path, stored)
    assert np.allclose(only(path), GREY / 255, atol=1e-3)
    np.save(path, np.asfortranarray(np.stack([stored, stored[::-1]])))
    images = load_images(path)
    assert [source for source, _ in images] == [f"{path}[0]", f"{path}[1]"]
    assert np.allclose(images[1][1], GREY[::-1] / 255, atol=1e-3)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("shape", [(4, 6, 9), (4, 6, 9, 1), (4, 6, 9, 3)])
def test_npz(tmp_path, save, shape):
    path = tmp_path / "x.npz"
    stored = RNG.integers(0, 256, shape, np.uint8)
    save(path, labels=np.arange(4), images=stored)
    images = load_images(str(path))
    assert [source for source, _ in images] == [f"{path}[{i}]" for i in range(4)]
    assert images[2][1].shape == ((6, 9, 3) if shape[-1] == 3 else (6, 9))
    assert np.allclose(images[2][1], stored[2].squeeze() / 255)


def test_arrays_folders_globs_and_lists(tmp_path):
    for name in ("b.png", "a.jpeg", "c.PNG"):
        Image.fromarray(GREY).save(tmp_path / name)
    np.savez(tmp_path / "d.npz", images=GREY[None])
    (tmp_path / "README.txt").write_text("not an image")

    def sources(paths):
        return [source.removeprefix(f"{tmp_path}/") for source, _ in load_images(paths)]

    assert sources(tmp_path) == ["a.jpeg", "b.png", "c.PNG", "d.npz[0]"]
    assert sources(f"{tmp_path}/[bc].*") == ["b.png", "c.PNG"]
    assert sources([tmp_path / "d.npz", f"{tmp_path}/b.png"]) == ["d.npz[0]", "b.png"]
    assert sources(COLOUR[None]) == ["array[0]"] and sources(GREY / 255) == ["array"]
    (tmp_path / "x[1].png").write_bytes((tmp_path / "b.png").read_bytes())
    assert sources(tmp_path / "x[1].png") == ["x[1].png"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY.astype(np.uint16), GREY / 65535),
        (GREY.astype(">u2") * 257, GREY / 255),
        (GREY > 99, GREY > 99),
        (GREY.astype(int), GREY / 255),
        (GREY.astype(np.int16), GREY / 255),
        ((GREY // 2).astype(np.int8), (GREY // 2) / 255),
        (GREY.astype(np.uint32) * 257, GREY / 255),
        (GREY.astype(np.int64) * 16, GREY * 16.0 / 65535),
    ],
)
@pytest.mark.filterwarnings("ignore::airscene.errors.InputWarning")
def test_what_white_is(tmp_path, array, expected):
    np.save(tmp_path / "x.npy", array)
    assert np.allclose(only(tmp_path / "x.npy"), expected, atol=1e-6)
    for images in (array, [array], [GREY, array]):
        *_, (_, image) = load_images(images)
        assert image.dtype == np.float32 and np.allclose(image, expected, atol=1e-6)


def test_white_is_the_same_in_all_of_an_array_and_of_a_list():
    dark, bright = GREY.astype(int), GREY.astype(int) * 257
    for images in (np.stack([dark, bright]), [dark, bright], (bright[None], dark)):
        values = sorted(image.max() for _, image in load_images(images))
        assert np.allclose(values, [255 / 65535, 1.0])


def test_lists_of_anything(tmp_path):
    path = tmp_path / "x.png"
    picture = Image.fromarray(COLOUR)
    picture.save(path)
    given = [
        GREY,
        str(path),
        COLOUR,
        jnp.asarray(GREY / 255),
        picture,
        Image.open(path),
        GREY[None],
        GREY[:, :, None],
    ]
    images = load_images(given)
    names = ["array[0]", path, "array[2]", "array[3]", "array[4]", path, "array[6][0]", "array[7]"]
    assert [source for source, _ in images] == list(map(str, names))
    for i, (_, image) in enumerate(images):
        expected = COLOUR if i in (1, 2, 4, 5) else GREY
        assert image.shape == expected.shape and np.allclose(image, expected / 255, atol=1e-6)
    assert image_set(given).shape == (8, 6, 9, 3)
    assert [source for source, _ in load_images(iter([path, GREY]))] == [str(path), "array[1]"]


def test_one_that_is_no_numpy_array():
    for images in (jnp.asarray(COLOUR), Image.fromarray(COLOUR), COLOUR):
        ((source, image),) = load_images(images)
        assert source == "array" and np.allclose(image, COLOUR / 255, atol=1e-6)
    assert len(load_images(jnp.zeros((3, 6, 9)))) == 3
    half = jnp.full((6, 9), 0.5, jnp.bfloat16)
    np.testing.assert_array_equal(load_images(half)[0][1], np.full((6, 9), 0.5, np.float32))
    ((_, deep),) = load_images(Image.fromarray(GREY.astype(np.uint16) * 257))
    assert np.allclose(deep, GREY / 255, atol=1e-6)


def test_a_warning_is_given_each_time():
    code = """
import numpy as np
from airscene.images import load_images
for _ in range(2):
    load_images(np.ones((6, 9), np.uint8))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("the largest value is 1") == 2


class Elsewhere:
    """An array that cannot be had, as of another device."""

    def __array__(self, *_, **__):
        raise TypeError("copy me first")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[0.0] * 10**5], r"^array\[0\] is of type list; give an array, a Pillow image, a path"),
        ([GREY, None], r"^array\[1\] is of type NoneType"),
        ([GREY, GREY + 1j], r"^array\[1\] is of type complex128"),
        ([np.full((6, 9), 2.0)], r"^array\[0\] has values from 2 to 2"),
        ([np.zeros(10**5)], r"^array\[0\] is of shape \[100000\]"),
        ([Elsewhere()], r"^array\[0\] is no array that NumPy can read \(copy me first\)"),
        ([Image.new("F", (9, 6), 7.0)], r"^array\[0\] has values from 7 to 7; floats"),
        ([Image.new("I", (9, 6), -1)], r"^array\[0\] has values from -1 to -1; whole"),
        ([Image.new("I", (9, 6), 70_000)], r"^array\[0\] has values from 70000 to 70000; whole"),
        ([Image.new("L", (0, 6))], r"^array\[0\] (is empty|is a Pillow image that cannot)"),
        ({"images": GREY}, "^the images are of type dict; give an array"),
        (3, "^the images are of type int"),
    ],
)
def test_lists_of_what_is_no_image(given, message):
    load = getattr(load_images, "__wrapped__", load_images)
    with pytest.raises(InputError, match=message) as caught:
        load(given)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


MASK = (GREY > 99).astype(np.uint8)


@pytest.mark.parametrize("load", [load_images, image_set])
@pytest.mark.parametrize(
    ("array", "message"),
    [
        (MASK, "^array: the largest value is 1, and white is 255, .* multiply by 255 or save as"),
        (np.stack([0 * MASK, MASK]), r"^array\[0\] and 1 more: the largest value is 1"),
        (MASK.astype(np.uint16), "largest value is 1, and white is 65535, .* multiply by 65535"),
        (MASK.astype(int), "largest value is 1, and white is 255"),
        (GREY.astype(np.uint16), "largest value is 0.0039 of white, .* as uint8, not as uint16"),
    ],
)
def test_images_that_are_next_to_black(tmp_path, load, array, message):
    with pytest.warns(InputWarning, match=message) as caught:
        load(array)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)


def test_masks_in_a_picture_are_next_to_black_too(tmp_path):
    Image.fromarray(MASK).save(tmp_path / "x.png")
    with pytest.warns(InputWarning, match=r"x\.png: the largest value is 1"):
        load_images(tmp_path)


def test_images_that_are_nowhere_black():
    with pytest.warns(InputWarning, match=r"more: the darkest pixel is 0\.5 of white.* the offset"):
        image_set(np.stack([GREY, GREY]).astype(np.uint16) + 32768)


def test_images_that_are_no_mistake(recwarn):
    for array in (MASK > 0, 0 * MASK, 2 * MASK, GREY, np.stack([MASK, GREY]), MASK / 1.0):
        image_set(array)
    load_images(np.full((6, 9), 0.5))  # of a photo that is no objects on black
    assert not recwarn


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c))
        for c in (chunk, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def encoded(kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (30, 30), np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def npy(array, pickled=False):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=pickled)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy_header(shape, descr="|u1"):
    buffer = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


class Trap:
    """Unpickling this would be noticed."""

    def __reduce__(self):
        return (pytest.fail, ("an object was unpickled",))


NAN = np.full((2, 6, 9), np.nan, np.float32)
PARTLY = np.where(np.arange(108).reshape(2, 6, 9) == 60, np.inf, 0.5)
OBJECTS = np.array([Trap()], dtype=object)

BAD_FILES = {
    "a text": ("x.png", b"hello", "is not an image"),
    "a GIF": ("x.png", encoded("GIF"), "is not an image"),
    "an empty PNG": ("x.png", b"", "is empty, of 0 bytes"),
    "an empty npy": ("x.npy", b"", "is empty, of 0 bytes"),
    "an empty npz": ("x.npz", b"", "is empty, of 0 bytes"),
    "a PNG cut in its header": ("x.png", encoded()[:20], "is (not an image|cut short)"),
    "a PNG cut short": ("x.png", encoded()[:-200], "is cut short or damaged"),
    "a JPEG cut short": ("x.jpg", encoded("JPEG")[:-200], "is cut short or damaged"),
    "a PNG of 100,000 x 100,000": ("x.png", png_header(10**5, 10**5), "100,000,000 pixels"),
    "a PNG of 11,000 x 11,000": ("x.png", png_header(11_000, 11_000), "100,000,000 pixels"),
    "an npy of 100,000 x 100,000": ("x.npy", npy_header((1, 10**5, 10**5)), "100,000,000 pixels"),
    "an npz of 100,000 x 100,000": (
        "x.npz",
        zipped(images=npy_header((1, 10**5, 10**5))),
        "100,000,000 pixels",
    ),
    "an npy of 10**12 images": ("x.npy", npy_header((10**12, 50, 50)), "is cut short"),
    "an npz of 10**12 images": ("x.npz", zipped(images=npy_header((10**12, 5, 5))), "cut short"),
    "not an npy": ("x.npy", b"hello", "damaged or not a NumPy .npy file"),
    "not an npz": ("x.npz", b"hello", "damaged or not a NumPy .npz file"),
    "an npy cut short": ("x.npy", npy(GREY)[:-1], "is cut short"),
    "an npz cut short": ("x.npz", npz(images=GREY[None])[:-30], "is cut short"),
    "an npz cut inside": ("x.npz", zipped(images=npy(GREY[None])[:-1]), "is cut short"),
    "an npz without images": (
        "x.npz",
        npz(x=GREY, y=GREY),
        r"no array 'images', only \['x', 'y'\]",
    ),
    "an npz with objects": ("x.npz", npz(images=OBJECTS), "holds Python objects"),
    "an npy with objects": ("x.npy", npy(OBJECTS, True), "holds Python objects"),
    "a pickle": ("x.npy", b"\x80\x04K\x01.", "damaged or not a NumPy .npy file"),
    "rank 1": ("x.npy", npy(np.zeros(5)), r"is of shape \[5\]; it should be"),
    "rank 0": ("x.npy", npy(np.zeros(())), r"is of shape \[\]"),
    "rank 5": ("x.npz", npz(images=np.zeros((1, 2, 3, 3, 1))), r"is of shape \[1, 2, 3, 3, 1\]"),
    "an npz of rank 2": ("x.npz", npz(images=GREY), r"is of shape \[6, 9\]"),
    "two channels": ("x.npy", npy(np.zeros((1, 6, 9, 2))), r"is of shape \[1, 6, 9, 2\]"),
    "complex": ("x.npy", npy(np.zeros((1, 6, 9), complex)), "is of type complex128; it should be"),
    "text": ("x.npy", npy(np.array(["a"])), "is of type <U1; it should be whole numbers"),
    "negative": (
        "x.npy",
        npy(np.stack([GREY, GREY - 1]).astype(np.int8)),
        r"x.npy\[0\] has values from -128 to 127; whole numbers should be in 0..255 or 0..65535",
    ),
    "too large": (
        "x.npy",
        npy(np.stack([GREY, GREY + 65281.0]).astype(int)),
        r"x.npy\[1\] has values from 65\d+ to 65536; whole numbers",
    ),
    "no images": ("x.npz", npz(images=np.zeros((0, 6, 9))), r"is empty, of shape \[0, 6, 9\]"),
    "no pixels": ("x.npy", npy(np.zeros((2, 0, 9))), r"is empty, of shape \[2, 0, 9\]"),
    "all NaN": ("x.npy", npy(NAN), r"x.npy\[0\]: all values are NaN"),
    "partly infinite": ("x.npy", npy(PARTLY), r"x.npy\[1\]: 1 of 54 values are NaN or infinite"),
    "above one": ("x.npy", npy(np.full((1, 6, 9), 1.5)), "values from 1.5 to 1.5; .* uint8"),
    "below zero": ("x.npy", npy(np.full((6, 9), -1e-3)), "values from -0.001 to -0.001"),
}


@pytest.mark.parametrize("load", [load_images, image_set])
@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_files(tmp_path, recwarn, load, what):
    name, data, message = BAD_FILES[what]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not recwarn


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.png", "there is no file .*missing.png"),
        ("missing.npz", "there is no file .*missing.npz"),
        ("x" * 5000, "there is no file"),
        ("", "no image in the folder"),
        ("*.png", r"nothing matches .*\*\.png"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path, path, message):
    (tmp_path / "README.txt").write_text("not an image")
    with pytest.raises(InputError, match=message):
        load_images(f"{tmp_path}/{path}")


def test_other_things_that_are_no_images(tmp_path):
    (tmp_path / "x.png").mkdir()
    with pytest.raises(InputError, match="is not a file that can be read"):
        load_images(tmp_path)
    with pytest.raises(InputError, match="no images given"):
        load_images([])
    with pytest.raises(InputError, match=r"array\[0\]: all values are NaN"):
        load_images(NAN)
    with pytest.raises(InputError, match=r"array is of shape \[5\]"):
        load_images(np.zeros(5))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "npy", "npz"]), st.data())
def test_damaged_files_load_or_are_refused(tmp_path_factory, kind, data):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 5), np.uint8)
    if kind in ("PNG", "JPEG"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind)
        content = bytearray(buffer.getvalue())
    else:
        content = bytearray(npy(pixels) if kind == "npy" else npz(images=pixels[None]))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(1, len(content)))]
    path = tmp_path_factory.getbasetemp() / f"damaged.{kind.lower()}"
    path.write_bytes(content)
    try:
        images = load_images(path)
    except InputError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert all(0 <= image.min() and image.max() <= 1 for _, image in images)


def test_image_set(tmp_path):
    many = RNG.integers(0, 256, (5, 6, 9), np.uint8)
    assert np.array_equal(image_set(many), many)
    assert np.array_equal(image_set((many / 255).astype(np.float32)), many)
    np.savez(tmp_path / "a.npz", images=many)
    Image.fromarray(COLOUR).save(tmp_path / "b.png")
    mixed = image_set(tmp_path)
    assert mixed.shape == (6, 6, 9, 3) and mixed.dtype == np.uint8
    assert np.array_equal(mixed[5], COLOUR) and np.array_equal(mixed[4, :, :, 1], many[4])
    Image.fromarray(GREY[:5]).save(tmp_path / "c.png")
    with pytest.raises(InputError, match=r"c\.png is 9x5 pixels, the images before it 9x6"):
        image_set(tmp_path)


def test_fit_image_channels():
    grey, colour = (GREY / 255).astype(np.float32), (COLOUR / 255).astype(np.float32)
    assert np.array_equal(fit_image(grey, (6, 9), 1, False, "x"), grey[None])
    assert np.array_equal(fit_image(grey, (6, 9), 3, False, "x"), np.stack([grey] * 3))
    assert np.array_equal(fit_image(colour, (6, 9), 3, False, "x"), np.moveaxis(colour, 2, 0))
    red_green_blue = np.eye(3, dtype=np.float32)[None]
    luma = fit_image(red_green_blue, (1, 3), 1, False, "x")
    assert np.allclose(luma, [[[0.299, 0.587, 0.114]]])
    assert fit_image(np.ones((6, 9, 3), np.float32), (6, 9), 1, True, "x").max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_fit_image_size(channels):
    image = np.full((6, 9), 0.25, np.float32)
    message = "x.png is 9x6 pixels, the model takes 50x40; crop it, or give --resize"
    with pytest.raises(InputError, match=message):
        fit_image(image, (40, 50), channels, False, "x.png")
    fitted = fit_image(image, (40, 50), channels, True, "x.png")
    assert fitted.shape == (channels, 40, 50) and fitted.dtype == np.float32
    assert np.allclose(fitted, 0.25)


def test_fit_image_keeps_places_in_proportion():
    """A pixel x of the fitted image lies at x * width / new_width of the image given."""
    image = np.zeros((40, 60), np.float32)
    image[10:20, 30:45] = 1
    fitted = fit_image(image, (20, 20), 1, True, "x")[0]
    rows, columns = (fitted.sum(axis=axis) for axis in (1, 0))
    places = np.arange(20) + 0.5
    assert rows @ places / rows.sum() * 40 / 20 == pytest.approx(15, abs=0.05)
    assert columns @ places / columns.sum() * 60 / 20 == pytest.approx(37.5, abs=0.05)
