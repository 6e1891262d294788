"""What images can be read from: arrays, Pillow images, and the files that paths stand for."""

import glob
import importlib.resources
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from airscene.errors import InputError
from airscene.images.arrays import check_array
from airscene.images.files import SUFFIXES, check_exists
from airscene.images.pictures import decode, kind_of


@runtime_checkable
class Arraylike(Protocol):
    """What NumPy can make an array of: its own arrays, and those of JAX and others."""

    def __array__(self, *args: Any, **options: Any) -> np.ndarray: ...


Given = str | Path | Arraylike | Image.Image
# Whatever images can be read from.
Paths = Given | Iterable[Given]

# Photographs that come with the package, and what names them where no such file is there.
EXAMPLE_NAME = "example"
EXAMPLE = Path(str(importlib.resources.files("airscene.images") / EXAMPLE_NAME))

Item = tuple[str, str | np.ndarray | Image.Image]


def items_of(given: Any) -> list[Item]:
    """What is given, one by one and checked: folders and patterns as the files they stand for.

    Args:
        given: `Paths`, or else refused.

    Returns:
        (name, what it is) of each: an array, a Pillow image, or a file, whose name is its path.

    Raises:
        InputError: if it is nothing, of a wrong type, no array of images, or a path that leads
            nowhere. What is in files is not read.
    """
    if _is_one(given):
        given, names = [given], ["array"]
    elif isinstance(given, Iterable) and not isinstance(given, Mapping):
        given = list(given)
        names = [f"array[{i}]" for i in range(len(given))]
    else:
        raise _not_images("the images are", given)
    if not given:
        raise InputError("no images given; give an image, a folder or a glob pattern")
    items: list[Item] = []
    for one, name in zip(given, names, strict=True):
        if isinstance(one, str | Path):
            items += ((file, file) for file in _files(one))
        elif isinstance(one, Image.Image):
            items.append(_picture_or_array(one, str(getattr(one, "filename", "") or name)))
        else:
            items.append((name, _array(one, name)))
    return items


def _is_one(given: Any) -> bool:
    return isinstance(given, str | Path | Image.Image | Arraylike)


def _picture_or_array(picture: Image.Image, name: str) -> Item:
    """Large numbers that are not of a file are as those of arrays: others too say what white is."""
    if picture.format == "TIFF" or kind_of(picture) not in ("whole numbers", "floats"):
        return name, picture
    return name, _array(decode(picture, name).values, name)


def _array(given: Any, name: str) -> np.ndarray:
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
    return array


def _not_images(what: str, given: Any) -> InputError:
    return InputError(
        f"{what} of type {type(given).__name__}; give an array, a Pillow image, a path, or a list "
        "of those"
    )


def _files(path: str | Path) -> list[str]:
    """The files that a path, a folder or a glob pattern stands for."""
    if str(path) == EXAMPLE_NAME and not os.path.exists(path):
        path = EXAMPLE
    if os.path.isdir(path):
        names = [f for f in os.listdir(path) if os.path.splitext(f)[1].lower() in SUFFIXES]
        found = [str(Path(path, name)) for name in sorted(names)]
        none = f"no image in the folder {path}; it should hold"
    elif glob.has_magic(str(path)) and not os.path.exists(path):
        found = [str(Path(f)) for f in sorted(glob.glob(str(path), recursive=True))]
        none = f"nothing matches {path}; it should match"
    else:
        check_exists(path)
        return [str(Path(path))]
    if not found:
        raise InputError(f"{none} {', '.join(SUFFIXES)} files")
    return found
