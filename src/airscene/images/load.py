"""Images of one's own, as floats in [0, 1]: files, folders, globs, arrays; fitted to a model."""

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from airscene.errors import InputError
from airscene.images.files import (
    SUFFIXES,
    check_array,
    is_picture,
    picture_array,
    read_array,
    read_picture,
)
from airscene.images.oddities import Brightness
from airscene.images.resample import resample

GreyOrColour = Float32[np.ndarray, "height width"] | Float32[np.ndarray, "height width 3"]


@runtime_checkable
class Arraylike(Protocol):
    """What NumPy can make an array of: its own arrays, and those of JAX and others."""

    def __array__(self, *args: Any, **options: Any) -> np.ndarray: ...


Given = str | Path | Arraylike | Image.Image
# Whatever images can be read from.
Paths = Given | Iterable[Given]

# Rec. 601: the weights of red, green and blue in brightness.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def load_images(paths: Paths) -> list[tuple[str, GreyOrColour]]:
    """Loads images, each with the name of where it came from.

    White is 255 in uint8, 65535 in uint16, True in bool and 1 in floats, which should be in [0, 1].
    In other whole numbers it is 255 if none is larger, and else 65535; the arrays of one list count
    as one for that.

    Args:
        paths: one or a list of, in any mixture: a PNG or JPEG picture (transparent parts over
            black, turned as its EXIF data say); a `.npy` file (`[H, W]`, `[H, W, C]`, `[B, H, W]`
            or `[B, H, W, C]`, C 1 or 3); an `.npz` file whose array `images` is one of the last
            two; a folder, for all of these in it, by name; a glob pattern; an array, of NumPy, JAX
            or another that NumPy can read, as in a `.npy` file; a Pillow image.

    Returns:
        (source, image) for each image, source like `x.png`, `x.npz[3]` or `array[3]`, image
        `[H, W]` (grey) or `[H, W, 3]` (colour), in [0, 1].

    Raises:
        InputError: if something is missing, no image, damaged, empty, of a wrong type or rank, or
            holds values that are out of range. The message names the file and the image in it.

    Warns:
        InputWarning: if the brightest pixel of them all is next to black, as of masks of 0 and 1.
    """
    seen, images = Brightness(), []
    for source, image in _images(paths):
        seen.look(source, image)
        images.append((source, image))
    seen.warn_if_black()
    return images


def image_set(
    paths: Paths,
) -> UInt8[np.ndarray, "n height width"] | UInt8[np.ndarray, "n height width 3"]:
    """Images of one's own as a data set: all of one size, in one array.

    Args:
        paths: as for `load_images`.

    Returns:
        The images, 0 black to 255 white; grey if all are grey, else colour.

    Raises:
        InputError: as `load_images` does, and if the images differ in size.

    Warns:
        InputWarning: if the brightest pixel of them all is next to black, or the darkest far from
            it.
    """
    seen = Brightness()
    images: list[np.ndarray] = []
    for source, image in _images(paths):
        if images and image.shape[:2] != images[0].shape[:2]:
            raise InputError(
                f"{source} is {_size(image)} pixels, the images before it {_size(images[0])}; "
                "those of a data set should all be of one size"
            )
        seen.look(source, image)
        images.append(np.rint(255 * image).astype(np.uint8))
    seen.warn_if_black()
    seen.warn_if_offset()
    if any(image.ndim == 3 for image in images):
        images = [_coloured(image) for image in images]
    return np.stack(images)


def fit_image(
    image: GreyOrColour, size: tuple[int, int], channels: int, resize: bool, source: str
) -> Float32[np.ndarray, "channels new_height new_width"]:
    """Brings an image to the size and the channels of a model.

    Colour becomes grey by Rec. 601 luma; grey becomes colour by repetition. Resampling stretches
    each side on its own, so that a pixel x of the result lies at x * width / new_width.

    Args:
        image: `[H, W]` or `[H, W, 3]`, in [0, 1].
        size: the model's (height, width), in pixels.
        channels: the model's channels, 1 or 3.
        resize: whether to resample an image of another size.
        source: the name of the image, for the message.

    Returns:
        The image, channels first, in [0, 1].

    Raises:
        InputError: if the image is of another size and `resize` is false.
    """
    if image.shape[:2] != size and not resize:
        raise InputError(
            f"{source} is {_size(image)} pixels, the model takes {size[1]}x{size[0]}; crop it, or "
            "give --resize to resample it"
        )
    planes = with_channels(image, channels)
    if image.shape[:2] != size:
        planes = resample(planes, size)
    # Weights that sum to 1 may exceed it by a rounding.
    return np.clip(planes, 0, 1).astype(np.float32)


def with_channels(image: GreyOrColour, channels: int) -> Float32[np.ndarray, "channels h w"]:
    """Bring an image to a model's channels, first: colour becomes grey by Rec. 601 luma."""
    if channels == 1:
        return (image @ _LUMA if image.ndim == 3 else image)[None]
    return np.moveaxis(_coloured(image), -1, 0)


def _images(given: Any) -> Iterator[tuple[str, np.ndarray]]:
    """One image at a time, so that a large set of bytes is never whole in floats."""
    if _is_one(given):
        given, names = [given], ["array"]
    elif isinstance(given, Iterable) and not isinstance(given, Mapping):
        given = list(given)
        names = [f"array[{i}]" for i in range(len(given))]
    else:
        raise _not_images("the images are", given)
    if not given:
        raise InputError("no images given; give an image, a folder or a glob pattern")
    read = [_read(one, name) for one, name in zip(given, names, strict=True)]
    white = max((_white(one) for _, one in read if isinstance(one, np.ndarray)), default=255)
    for name, one in read:
        if isinstance(one, np.ndarray):
            yield from _from_array(one, name, white)
            continue
        for file in _files(one):
            if file.suffix.lower() in (".npy", ".npz"):
                array = read_array(file)
                yield from _from_array(array, str(file), _white(array))
            else:
                yield str(file), read_picture(file)


def _is_one(given: Any) -> bool:
    return isinstance(given, str | Path | Image.Image | Arraylike)


def _read(given: Any, name: str) -> tuple[str, str | Path | np.ndarray]:
    """Arrays and Pillow images as checked arrays, with their names; paths as they are."""
    if isinstance(given, str | Path):
        return name, given
    if isinstance(given, Image.Image):
        name = getattr(given, "filename", "") or name
        return str(name), picture_array(given, str(name))
    if not _is_one(given):
        raise _not_images(f"{name} is", given)
    try:
        array = np.asarray(given)
        if array.dtype.name == "bfloat16":  # JAX's, which NumPy knows nothing of
            array = array.astype(np.float32)
    # Another library's reasons are its own.
    except Exception as error:
        raise InputError(f"{name} is no array that NumPy can read ({error})") from error
    check_array(array.shape, array.dtype, name, (2, 3, 4))
    return name, array


def _not_images(what: str, given: Any) -> InputError:
    return InputError(
        f"{what} of type {type(given).__name__}; give an array, a Pillow image, a path, or a list "
        "of those"
    )


def _files(path: str | Path) -> list[Path]:
    """The files that a path, a folder or a glob pattern stands for."""
    if os.path.isdir(path):
        found = [f for f in sorted(Path(path).iterdir()) if f.suffix.lower() in SUFFIXES]
        none = f"no image in the folder {path}; it should hold"
    elif glob.has_magic(str(path)) and not os.path.exists(path):
        found = [Path(f) for f in sorted(glob.glob(str(path), recursive=True))]
        none = f"nothing matches {path}; it should match"
    else:
        return [Path(path)]
    if not found:
        raise InputError(f"{none} {', '.join(SUFFIXES)} files")
    return found


def _white(array: np.ndarray) -> int:
    """What white is in an array of whole numbers whose type does not say."""
    if array.dtype.kind not in "iu" or array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return 255
    return 255 if array.max() <= 255 else 65535


def _from_array(array: np.ndarray, name: str, white: int) -> Iterator[tuple[str, np.ndarray]]:
    one = is_picture(array.shape)
    for i, image in enumerate(array[None] if one else array):
        source = name if one else f"{name}[{i}]"
        grey = image.ndim == 3 and image.shape[2] == 1
        yield source, _floats(image[:, :, 0] if grey else image, source, white)


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
    bad = image.size - np.count_nonzero(np.isfinite(image))
    if bad:
        amount = "all" if bad == image.size else f"{bad} of {image.size}"
        raise InputError(f"{source}: {amount} values are NaN or infinite; they should be in [0, 1]")
    if image.min() < 0 or image.max() > 1:
        raise InputError(
            f"{source} has values from {image.min():g} to {image.max():g}; floats should be in "
            "[0, 1], or save 0..255 as uint8"
        )
    return image.astype(np.float32)


def _coloured(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
