"""Reading one image file, and refusing it in one line where it cannot be read."""

import os
import warnings
import zipfile
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Float32, Shaped
from numpy.lib import format as npy
from PIL import Image, ImageOps, UnidentifiedImageError

from airscene.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".npy", ".npz")
MAX_PIXELS = 100_000_000
_WANTED = (
    "whole numbers up to 255 or 65535, bool or floats in [0, 1], [B, H, W] or [B, H, W, C] with C "
    "1 or 3"
)


def read_picture(
    path: Path,
) -> Float32[np.ndarray, "height width"] | Float32[np.ndarray, "height width 3"]:
    """Reads a PNG or JPEG file: its content decides, not its name.

    Returns:
        Grey `[H, W]` or colour `[H, W, 3]`, in [0, 1]; transparent parts over black, and upright
        if its EXIF data say how it was held.

    Raises:
        InputError: if it is missing, empty, no picture, damaged or huge.
    """
    _check_file(path)
    try:
        # Pillow warns of, and beyond refuses, large pictures by limits of its own.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                # The header alone is read so far.
                return _floats(upright(picture, str(path)))
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(str(path)) from error
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path} is not an image; it should be a PNG, JPEG, .npy or .npz file"
        ) from error
    # Pillow's decoders, too, raise more than OSError on damaged bytes.
    except Exception as error:
        raise InputError(f"{path} is cut short or damaged ({error}); make it anew") from error


def picture_array(picture: Image.Image, name: str) -> Shaped[np.ndarray, "height width *channel"]:
    """The pixels of a Pillow image, upright; `name` is what messages call it.

    Returns:
        Floats in [0, 1] as `read_picture` has them, or, of a grey image of more than 8 bits, the
        numbers that it holds.

    Raises:
        InputError: if it cannot be read, or is empty or huge.
    """
    try:
        picture = upright(picture, name)
        deep = picture.mode.startswith(("I", "F"))
        pixels = np.asarray(picture) if deep else _floats(picture)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name} is a Pillow image that cannot be read ({error})") from error
    check_array(pixels.shape, pixels.dtype, name, (2, 3))
    return pixels


def upright(picture: Image.Image, name: str) -> Image.Image:
    """Turns a picture as its EXIF data say; damaged ones say nothing.

    Raises:
        InputError: if it is huge.
    """
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(name)
    picture.load()  # so that damaged pixels are noticed here, and not taken for damaged EXIF data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return ImageOps.exif_transpose(picture)
        # Pillow's parser raises almost anything on damaged data.
        except Exception:
            return picture


def _floats(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16-bit grey
        return np.asarray(picture).astype(np.float32) / 65535
    grey = picture.mode in ("1", "L", "LA")
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L" if grey else "RGB")).astype(np.float32) / 255
    pixels = np.asarray(picture.convert("RGBA")).astype(np.float32) / 255
    over_black = pixels[:, :, :3] * pixels[:, :, 3:]
    return over_black[:, :, 0] if grey else over_black


def read_array(path: Path) -> Shaped[np.ndarray, "..."]:
    """Reads an array of images from a `.npy` file, or the array `images` of an `.npz` file.

    Shape and type are checked before the values are read, and objects are never unpickled.

    Raises:
        InputError: if it is missing, empty, damaged, or holds no such array.
    """
    _check_file(path)
    try:
        if path.suffix.lower() == ".npy":
            with open(path, "rb") as file:
                return _read_npy(file, str(path), (2, 3, 4))
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if "images" not in names:
                raise InputError(
                    f"{path} has no array 'images', only {names}; save it with "
                    "numpy.savez(file, images=...)"
                )
            with archive.open("images.npy") as file:
                return _read_npy(file, f"{path}, array 'images',", (3, 4))
    except InputError:
        raise
    # NumPy's and zipfile's parsers raise almost anything on damaged bytes.
    except Exception as error:
        raise InputError(
            f"{path} is cut short, damaged or not a NumPy {path.suffix} file; it should hold "
            f"{_WANTED}"
        ) from error


def _read_npy(file: BufferedIOBase | IO[bytes], name: str, ranks: tuple[int, ...]) -> np.ndarray:
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(file)
    check_array(shape, dtype, name, ranks)
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def check_array(shape: tuple[int, ...], dtype: np.dtype, name: str, ranks: tuple[int, ...]) -> None:
    """Checks that an array of this shape, rank and type can be images.

    Raises:
        InputError: if not.
    """
    if dtype.hasobject:
        raise InputError(f"{name} holds Python objects, which are never loaded; save {_WANTED}")
    if dtype.kind not in "buif":
        raise InputError(f"{name} is of type {dtype}; it should be {_WANTED}")
    shown = list(shape)
    if len(shape) not in ranks or len(shape) == 4 and shape[3] not in (1, 3):
        raise InputError(f"{name} is of shape {shown}; it should be {_WANTED}")
    if 0 in shape:
        raise InputError(f"{name} is empty, of shape {shown}; it should hold at least one pixel")
    height, width = shape[:2] if is_picture(shape) else shape[1:3]
    if height * width > MAX_PIXELS:
        raise _too_large(name)


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is one image: `[H, W]`, or `[H, W, C]` as pictures are.

    No images are one or three pixels wide.
    """
    return len(shape) == 2 or len(shape) == 3 and shape[2] in (1, 3)


def _check_file(path: Path) -> None:
    if not os.path.exists(path):
        raise InputError(f"there is no file {path}; give an image, a folder or a glob pattern")
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):
        raise InputError(f"{path} is not a file that can be read")
    if os.path.getsize(path) == 0:
        raise InputError(f"{path} is empty, of 0 bytes; it should be an image")


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} says that it has more than {MAX_PIXELS:,} pixels, the most that is read; "
        "crop or shrink it"
    )
