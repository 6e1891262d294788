"""Images of one's own, as floats in [0, 1]: files, folders, globs and arrays; fitted to a model."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Shaped, UInt8

from airscene.errors import InputError
from airscene.images.files import SUFFIXES, check_array, read_array, read_picture
from airscene.images.resample import resample

GreyOrColour = Float32[np.ndarray, "height width"] | Float32[np.ndarray, "height width 3"]
Paths = str | Path | Sequence[str | Path] | Shaped[np.ndarray, "..."]

# Rec. 601: the weights of red, green and blue in brightness.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def load_images(paths: Paths) -> list[tuple[str, GreyOrColour]]:
    """Loads images, each with the name of where it came from.

    Args:
        paths: one or several of: a PNG or JPEG picture (transparent parts over black); a `.npy`
            file (`[H, W]`, `[B, H, W]` or `[B, H, W, C]`, C 1 or 3, uint8 or floats in [0, 1]); an
            `.npz` file whose array `images` is `[B, H, W]` or `[B, H, W, C]`; a folder, for all of
            these in it, by name; a glob pattern. Or an array, as in a `.npy` file.

    Returns:
        (source, image) for each image, source like `x.png` or `x.npz[3]`, image `[H, W]` (grey) or
        `[H, W, 3]` (colour), in [0, 1].

    Raises:
        InputError: if something is missing, no image, damaged, empty, of a wrong type or rank, or
            holds values that are not in [0, 1]. The message names the file and the image in it.
    """
    return list(_images(paths))


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
    """
    images: list[np.ndarray] = []
    for source, image in _images(paths):
        if images and image.shape[:2] != images[0].shape[:2]:
            raise InputError(
                f"{source} is {_size(image)} pixels, the images before it {_size(images[0])}; "
                "those of a data set should all be of one size"
            )
        images.append(np.rint(255 * image).astype(np.uint8))
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
    if channels == 1:
        planes = (image @ _LUMA if image.ndim == 3 else image)[None]
    else:
        planes = np.moveaxis(_coloured(image), -1, 0)
    if image.shape[:2] != size:
        planes = resample(planes, size)
    # Weights that sum to 1 may exceed it by a rounding.
    return np.clip(planes, 0, 1).astype(np.float32)


def _images(paths: Paths) -> Iterator[tuple[str, np.ndarray]]:
    """One image at a time, so that a large set of bytes is never whole in floats."""
    if isinstance(paths, np.ndarray):
        check_array(paths.shape, paths.dtype, "array", (2, 3, 4))
        yield from _from_array(paths, "array")
        return
    if not isinstance(paths, str | Path) and not paths:
        raise InputError("no images given; give an image, a folder or a glob pattern")
    for path in [paths] if isinstance(paths, str | Path) else paths:
        for file in _files(path):
            if file.suffix.lower() in (".npy", ".npz"):
                yield from _from_array(read_array(file), str(file))
            else:
                yield str(file), read_picture(file)


def _files(path: str | Path) -> list[Path]:
    """The files that a path, a folder or a glob pattern stands for."""
    if os.path.isdir(path):
        found = [f for f in sorted(Path(path).iterdir()) if f.suffix.lower() in SUFFIXES]
        if not found:
            raise InputError(f"no image in the folder {path}; it should hold {_KINDS} files")
        return found
    if glob.has_magic(str(path)) and not os.path.exists(path):
        found = [Path(f) for f in sorted(glob.glob(str(path), recursive=True))]
        if not found:
            raise InputError(f"nothing matches {path}; it should match {_KINDS} files")
        return found
    return [Path(path)]


_KINDS = ", ".join(SUFFIXES)


def _from_array(array: np.ndarray, name: str) -> Iterator[tuple[str, np.ndarray]]:
    if array.ndim == 2:
        yield name, _floats(array, name)
        return
    for i, image in enumerate(array):
        source = f"{name}[{i}]"
        grey = image.ndim == 3 and image.shape[2] == 1
        yield source, _floats(image[:, :, 0] if grey else image, source)


def _floats(image: np.ndarray, source: str) -> GreyOrColour:
    """A checked image as float32 in [0, 1]."""
    if image.dtype == np.uint8:
        return image.astype(np.float32) / 255
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
