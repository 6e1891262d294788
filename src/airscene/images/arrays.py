"""Arrays of images: reading, checking, and what they are in [0, 1]."""

import zipfile
from collections.abc import Iterator
from io import BufferedIOBase
from typing import IO

import numpy as np
from jaxtyping import Shaped
from numpy.lib import format as npy

from airscene.errors import InputError
from airscene.images.files import MAX_PIXELS, not_finite, too_large
from airscene.images.pictures import GreyOrColour

_WANTED = (
    "whole numbers up to 255 or 65535, bool or floats in [0, 1], [B, H, W] or [B, H, W, C] with C "
    "1 or 3"
)


def images_of_array(
    array: Shaped[np.ndarray, "..."], name: str, white: int
) -> Iterator[tuple[str, GreyOrColour | InputError]]:
    """The images of a checked array in [0, 1], or what is wrong with them, each with its name.

    Args:
        array: one image or several, as `check_array` wants them.
        name: what the array is called; several images are numbered.
        white: what white is in whole numbers whose type does not say.
    """
    one = _is_picture(array.shape)
    for i, image in enumerate(array[None] if one else array):
        source = name if one else f"{name}[{i}]"
        grey = image.ndim == 3 and image.shape[2] == 1
        try:
            yield source, _floats(image[:, :, 0] if grey else image, source, white)
        except InputError as error:
            yield source, error


def read_array(path: str, content: str) -> Shaped[np.ndarray, "..."]:
    """Reads an array of images from a `.npy` file, or the array `images` of an `.npz` file.

    `content` is which of the two it is, whatever its name.

    Shape and type are checked before the values are read, and objects are never unpickled.

    Raises:
        InputError: if it is damaged, or holds no such array.
    """
    try:
        if content == ".npy":
            with open(path, "rb") as file:
                return _read_npy(file, path, (2, 3, 4))
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if "images" not in names:
                raise InputError(
                    f"{path} has no array 'images', only {names[:9]}; save it with "
                    "numpy.savez(file, images=...)"
                )
            with archive.open("images.npy") as file:
                return _read_npy(file, f"{path}, array 'images',", (3, 4))
    except InputError:
        raise
    # NumPy's and zipfile's parsers raise almost anything on damaged bytes.
    except Exception as error:
        raise InputError(
            f"{path} is cut short, damaged or not a NumPy {content} file; it should hold {_WANTED}"
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
    height, width = shape[:2] if _is_picture(shape) else shape[1:3]
    if height * width > MAX_PIXELS:
        raise too_large(name)


def _is_picture(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is one image: `[H, W]`, or `[H, W, C]` as pictures are.

    No images are one or three pixels wide.
    """
    return len(shape) == 2 or len(shape) == 3 and shape[2] in (1, 3)


def _floats(image: np.ndarray, source: str, white: int) -> GreyOrColour:
    """A checked image as float32 in [0, 1]; white is that of types that do not say."""
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind == "b":
        return image.astype(np.float32)
    if kind == "u" and size <= 2:
        return image.astype(np.float32) / (255 if size == 1 else 65535)
    if kind in "iu":
        if image.min() < 0 or image.max() > 65535:
            raise InputError(
                f"{source} has values from {image.min()} to {image.max()}; whole numbers should be "
                "in 0..255 or 0..65535"
            )
        return image.astype(np.float32) / white
    if not np.isfinite(image).all():
        raise not_finite(image, source)
    if image.min() < 0 or image.max() > 1:
        raise InputError(
            f"{source} has values from {image.min():g} to {image.max():g}; floats should be in "
            "[0, 1], or save 0..255 as uint8"
        )
    return image.astype(np.float32)
