"""Picture files of every kind: written by Pillow, read back; cut and flipped, refused in a line."""

import io
import pickle
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from airscene.errors import InputError, InputWarning
from airscene.images import load_images

# Which formats hold which modes without loss; JPEG, with loss, holds L and RGB too.
FORMATS = {
    "1": ("PNG", "TIFF", "BMP"),
    "L": ("PNG", "TIFF", "BMP", "WEBP", "JPEG"),
    "LA": ("PNG", "TIFF", "WEBP"),
    "P": ("PNG", "TIFF", "BMP", "WEBP"),
    "P with transparency": ("PNG", "WEBP"),
    "RGB": ("PNG", "TIFF", "BMP", "WEBP", "JPEG"),
    "RGBA": ("PNG", "TIFF", "WEBP"),
    "I;16": ("PNG", "TIFF"),
    "I": ("TIFF",),
    "F": ("TIFF",),
}
SEVERAL = [(mode, kind) for mode, kinds in FORMATS.items() for kind in kinds]

# What to do to pixels as they are stored, so that they are upright.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: np.rot90,
}


def random_picture(rng, mode, height, width, smooth):
    """A Pillow image, the colours [H, W] or [H, W, 3] and the alpha [H, W] that it holds."""
    shape = (height, width)
    opaque = np.ones(shape)
    if mode == "1":
        values = rng.random(shape) < 0.5
        return Image.fromarray(values), values.astype(float), opaque
    if mode == "I;16":
        values = rng.integers(0, 2**16, shape, np.uint16)
        values[0, 0] = 60_000  # no 12-bit camera
        return Image.fromarray(values), values / 65535, opaque
    if mode == "I":
        values = rng.integers(0, 2**16, shape, np.int32)
        values[0, 0] = 300
        return Image.fromarray(values), values / 65535, opaque
    if mode == "F":
        values = rng.random(shape, np.float32)
        return Image.fromarray(values), values, opaque
    if mode[0] == "P":
        n = int(rng.integers(1, 257))
        palette = rng.integers(0, 256, (n, 3), np.uint8)
        indices = rng.integers(0, n, shape, np.uint8)
        picture = Image.fromarray(indices, "P")
        picture.putpalette(palette.tobytes())
        if mode == "P":
            return picture, palette[indices] / 255, opaque
        alpha = rng.integers(0, 256, n, np.uint8)
        picture.info["transparency"] = alpha.tobytes()
        return picture, palette[indices] / 255, alpha[indices] / 255
    n = 3 if mode.startswith("RGB") else 1
    values = rng.integers(0, 256, (*shape, n), np.uint8)
    if smooth:
        slopes = np.arange(height)[:, None] + np.arange(width)
        values[:] = np.clip(slopes[:, :, None] + rng.integers(0, 150, n), 0, 255)
    planes, alpha = values, opaque
    if mode.endswith("A"):
        opacity = rng.integers(0, 256, (*shape, 1), np.uint8)
        planes, alpha = np.concatenate([values, opacity], 2), opacity[:, :, 0] / 255
    planes = planes[:, :, 0] if planes.shape[2] == 1 else planes
    return Image.fromarray(planes), (values[:, :, 0] if n == 1 else values) / 255, alpha


def saved(picture, kind, orientation=1, **options):
    held = Image.Exif()
    held[0x0112] = orientation
    if kind != "BMP":  # which has no EXIF data
        options["exif"] = held
    if kind == "WEBP":
        options |= {"lossless": True, "exact": True}
    if kind == "JPEG":
        options |= {"quality": 100, "subsampling": 0}
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def on_ground(colours, alpha, ground):
    weights = alpha[:, :, None] if colours.ndim == 3 else alpha
    luma = colours @ [0.299, 0.587, 0.114] if colours.ndim == 3 else colours
    dark = alpha.sum() > 0 and np.average(luma, weights=alpha) < 0.5
    white = ground == "white" or ground == "auto" and dark
    return colours * weights + (1 - weights) * white


@settings(max_examples=300)
@given(
    st.sampled_from(SEVERAL),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 8),
    st.sampled_from(["black", "white", "auto"]),
    st.sampled_from(["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]),
    st.integers(0, 2**32 - 1),
)
def test_what_is_written_is_read(
    tmp_path_factory, mode_kind, height, width, orientation, ground, compression, seed
):
    mode, kind = mode_kind
    lossy = kind == "JPEG"
    picture, colours, alpha = random_picture(
        np.random.default_rng(seed), mode, height, width, smooth=lossy
    )
    # The name says nothing.
    path = tmp_path_factory.getbasetemp() / "x.png"
    options = {"compression": compression} if kind == "TIFF" else {}
    path.write_bytes(saved(picture, kind, orientation, **options))
    ((source, image),) = load_images(path, ground=ground)
    expected = on_ground(colours, alpha, ground)
    if kind == "WEBP" and expected.ndim == 2:  # which has no grey
        expected = np.stack([expected] * 3, axis=2)
    if kind != "BMP":
        expected = UPRIGHT[orientation](expected)
    assert source == str(path) and image.dtype == np.float32 and image.shape == expected.shape
    np.testing.assert_allclose(image, expected, atol=0.03 if lossy else 1e-6)


def chunked_png(depth, colour_type, pixels, *chunks):
    """A PNG file of a kind that Pillow does not write."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in body)


def tiff(pixels, *tags):
    """A TIFF file of grey of a kind that Pillow does not write, in the pixels' order of bytes."""
    height, width = pixels.shape[:2]
    order = ">" if pixels.dtype.byteorder == ">" else "<"
    bits = 8 * pixels.dtype.itemsize
    known = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height}
    known |= {279: pixels.nbytes, **dict(tags)}
    known[273] = 8 + 2 + 12 * (len(known) + 1) + 4
    entries = [
        struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(known.items())
    ]
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(entries))
    return start + b"".join(entries) + b"\0" * 4 + pixels.tobytes()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_png_of_16_bits_a_channel(tmp_path, n):
    pixels = np.random.default_rng(n).integers(0, 2**16, (6, 9, n), np.uint16)
    pixels[0, 0] = 60_000
    (tmp_path / "x.png").write_bytes(chunked_png(16, {1: 0, 2: 4, 3: 2, 4: 6}[n], pixels))
    ((_, image),) = load_images(tmp_path)
    alpha = pixels[:, :, -1:] / 65535 if n in (2, 4) else 1
    expected = pixels[:, :, : n - 1 + n % 2] / 65535 * alpha
    assert image.shape == ((6, 9) if n < 3 else (6, 9, 3))
    # Pillow reads 8 bits of all but grey without alpha.
    np.testing.assert_allclose(image, expected.reshape(image.shape), atol=1e-6 if n == 1 else 0.008)


def test_a_number_of_16_bits_that_is_transparent(tmp_path):
    pixels = np.array([[0, 65535], [40_000, 65535]])
    path = tmp_path / "x.png"
    path.write_bytes(chunked_png(16, 0, pixels, (b"tRNS", struct.pack(">H", 65535))))
    for ground, value in (("black", 0), ("white", 1), ("auto", 1)):
        ((_, image),) = load_images(path, ground=ground)
        np.testing.assert_allclose(image, [[0, value], [40_000 / 65535, value]], atol=1e-6)


def test_a_tiff_file_of_several_pages(tmp_path):
    rng = np.random.default_rng(0)
    pages = [
        rng.integers(0, 256, (6, 9), np.uint8),
        rng.integers(0, 256, (4, 3, 3), np.uint8),
        rng.random((5, 7)) < 0.5,
        np.full((2, 3), 60_000, np.uint16),
    ]
    first, *rest = map(Image.fromarray, pages)
    path = tmp_path / "x.TIFF"
    first.save(path, save_all=True, append_images=rest)
    images = load_images(tmp_path)
    assert [source for source, _ in images] == [f"{path}[{i}]" for i in range(4)]
    for (_, image), page, white in zip(images, pages, (255, 255, 1, 65535), strict=True):
        np.testing.assert_allclose(image, page / white, atol=1e-6)
    first.save(path)
    assert [source for source, _ in load_images(tmp_path)] == [str(path)]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("as_pillow", [False, True])
def test_a_page_is_turned_as_it_says_itself(tmp_path, compression, as_pillow):
    pixels, path = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, tmp_path / "x.tif"
    with TiffImagePlugin.AppendingTiffWriter(path) as out:
        for orientation in (1, 6, 1, 3, 8):
            Image.fromarray(pixels).save(
                out, "TIFF", compression=compression, tiffinfo={274: orientation}
            )
            out.newFrame()
    if as_pillow:  # the page that it is at
        picture = Image.open(path)
        picture.seek(1)
        images, turned = load_images(picture), [6]
    else:
        images, turned = load_images(path), [1, 6, 1, 3, 8]
    for (_, image), orientation in zip(images, turned, strict=True):
        np.testing.assert_allclose(image, UPRIGHT[orientation](pixels) / 255, atol=1e-6)


def test_suffixes_of_folders(tmp_path):
    names = ["a.TIF", "b.tiff", "c.BMP", "d.WebP", "e.JPEG", "f.PNG"]
    for name in [*names, "g.gif", "h"]:
        (tmp_path / name).write_bytes(saved(Image.new("RGB", (9, 6), "red"), "PNG"))
    assert [Path(source).name for source, _ in load_images(tmp_path)] == names
    assert len(load_images(f"{tmp_path}/*.BMP")) == 1


def test_an_array_is_known_by_its_content_too(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 6, 9)))
    np.savez(tmp_path / "y.npz", images=np.zeros((2, 6, 9)))
    (tmp_path / "x.npy").rename(tmp_path / "x.png")
    (tmp_path / "y.npz").rename(tmp_path / "y.npy")
    (tmp_path / "z.npz").write_bytes(saved(Image.new("L", (9, 6)), "WEBP"))
    names = [Path(source).name for source, _ in load_images(tmp_path)]
    assert names == ["x.png[0]", "x.png[1]", "y.npy[0]", "y.npy[1]", "z.npz"]


def test_a_kind_of_tiff_that_is_not_read(tmp_path):
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(np.zeros((6, 9), np.float64), (339, 3)))
    with pytest.raises(InputError, match=r"x\.tif is cut short or damaged, or a TIFF file of a"):
        load_images(path)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("dtype", "sample_format", "white"),
    [
        (np.uint8, 1, 255),
        ("<u2", 1, 4095),
        (">u2", 1, 4095),
        ("<i2", 2, 65535),
        (">i2", 2, 65535),
        ("<u4", 1, 65535),
        ("<i4", 2, 65535),
        (">i4", 2, 65535),
        ("<f4", 3, 65535),
        (">f4", 3, 65535),
    ],
)
def test_numbers_of_tiff_files(tmp_path, dtype, sample_format, white, orientation):
    path = tmp_path / "x.tif"
    pixels = np.linspace(0, 255 if dtype == np.uint8 else 3000, 54).reshape(6, 9).astype(dtype)
    path.write_bytes(tiff(pixels, (339, sample_format), (274, orientation)))
    for one in (path, Image.open(path)):
        ((source, image),) = load_images(one)
        assert source == str(path)
        np.testing.assert_allclose(image, UPRIGHT[orientation](pixels) / white, atol=1e-6)


def test_a_tiff_file_that_says_that_it_has_12_bits(tmp_path):
    # Two numbers of 12 bits in three bytes.
    numbers = np.array([[0xFF, 0xF0, 0x10], [0x00, 0x08, 0x00]], np.uint8)
    tags = (256, 2), (258, 12), (279, 6)
    (tmp_path / "x.tif").write_bytes(tiff(numbers, *tags))
    Image.new("I;16", (9, 6), 60_000).save(tmp_path / "y.png")
    (_, image), (_, other) = load_images(tmp_path)
    np.testing.assert_allclose(image, np.array([[4095, 16], [0, 2048]]) / 4095, atol=1e-6)
    assert other.max() == pytest.approx(60_000 / 65535)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_tiff_file_whose_zero_is_white(tmp_path, dtype):
    pixels, white = np.array([[0, 1], [5, 4]], dtype), 1
    if dtype == np.uint16:
        pixels, white = pixels * 800, 4095
    else:
        pixels = pixels / np.float32(5)
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(pixels, (262, 0), (339, 1 if dtype == np.uint16 else 3)))
    ((_, image),) = load_images(path)
    np.testing.assert_allclose(image, 1 - pixels / white, atol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "sample_format", "message"),
    [
        (np.full((6, 9), 2**31, np.uint32), 1, r"values from 2147483648 to 2147483648; whole"),
        (np.full((6, 9), 70_000, np.uint32), 1, "whole numbers of a picture should be in 0..255"),
        (np.full((6, 9), -1, np.int32), 2, "has values from -1 to -1"),
        (np.full((6, 9), -1, np.int16), 2, "has values from -1 to -1"),
        (np.full((6, 9), -0.5, np.float32), 3, "from -0.5 to -0.5; floats of a picture"),
        (np.full((6, 9), 65536, np.float32), 3, "has values from 65536 to 65536"),
        (np.full((6, 9), np.nan, np.float32), 3, "x.tif: all values are NaN or infinite"),
        (np.zeros((6, 0), np.uint8), 1, "x.tif (is empty, of no pixels|is cut short or damaged)"),
    ],
)
def test_numbers_that_are_no_brightness(tmp_path, pixels, sample_format, message):
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(pixels, (339, sample_format)))
    with pytest.raises(InputError, match=message) as caught:
        load_images(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_huge_page_is_refused(tmp_path):
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(np.zeros((6, 9), np.uint8), (256, 11_000), (257, 11_000)))
    with pytest.raises(InputError, match="x.tif says that it has more than 100,000,000 pixels"):
        load_images(path)


class Trap:
    """Unpickling this would be noticed."""

    def __reduce__(self):
        return (pytest.fail, ("an object was unpickled",))


def arrays_of_files(rng, kind):
    """The bytes of a .npy or .npz file, or of a pickle of either name."""
    file = io.BytesIO()
    images = rng.integers(0, 256, (2, 5, 4), np.uint8)
    if kind == "objects":
        np.save(file, np.array([Trap(), 1], object), allow_pickle=True)
    elif kind == "objects in npz":
        np.savez(file, images=np.array([Trap(), 1], object))
    elif kind == "pickle":
        file.write(pickle.dumps(Trap()))
    else:
        (np.save if kind == "npy" else np.savez)(
            file, **{{"npy": "arr"}.get(kind, "images"): images}
        )
    return file.getvalue()


ARRAYS = ("npy", "npz", "objects", "objects in npz", "pickle")


@settings(max_examples=400)
@given(
    st.one_of(st.sampled_from(SEVERAL), st.sampled_from(ARRAYS), st.just("pages")),
    st.sampled_from(["png", "tif", "npy", "npz"]),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_what_is_damaged_is_read_or_refused(tmp_path_factory, what, suffix, seed, data):
    rng = np.random.default_rng(seed)
    if what in ARRAYS:
        whole = arrays_of_files(rng, what)
    elif what == "pages":
        pages = [random_picture(rng, mode, 5, 4, False)[0] for mode in ("L", "I;16", "F", "RGB")]
        compression = data.draw(st.sampled_from(["raw", "tiff_lzw", "jpeg"]))
        pages = [pages[0]] * 3 if compression == "jpeg" else pages
        whole = saved(
            pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression
        )
    else:
        picture, *_ = random_picture(rng, what[0], 7, 6, False)
        whole = saved(picture, what[1], orientation=int(rng.integers(1, 9)))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        # The start says most about how the rest is read.
        end = data.draw(st.sampled_from([min(len(content), 40), len(content)]))
        content[data.draw(st.integers(0, end - 1))] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(1, len(content)))]
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"damaged.{suffix}"
    path.write_bytes(content)
    Image.new("L", (3, 2), 255).save(folder / "sound.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", InputWarning)
        try:
            images = load_images(path)
        except InputError as error:
            assert str(path) in str(error) and "\n" not in str(error)
            reason = str(error)
        else:
            assert all(0 <= image.min() and image.max() <= 1 for _, image in images)
            reason = None
        damaged = []
        *others, (source, _) = load_images([path, folder / "sound.png"], damaged=damaged)
    assert source.endswith("sound.png")
    if reason is None:
        assert not damaged and len(others) == len(images)
    else:
        assert damaged[0][1] == reason and damaged[0][0].startswith(str(path))
