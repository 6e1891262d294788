"""Files of images: how they are named, what they hold, and the lines that refuse them."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from airscene.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".npy", ".npz")
KNOWN = "a PNG, JPEG, TIFF, BMP, WebP, .npy or .npz file"
MAX_PIXELS = 100_000_000
_STARTS = {
    b"\x93NUMPY": ".npy",
    b"PK\x03\x04": ".npz",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
}


def content_of(path: str) -> str:
    """What a file holds: its first bytes say, or else the name of an array; "" if neither does.

    Raises:
        InputError: if there is no such file, or it is empty or cannot be read.
    """
    _check_file(path)
    with open(path, "rb") as file:
        head = file.read(12)
    if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
        return "WebP"
    for start, content in _STARTS.items():
        if head.startswith(start):
            return content
    suffix = os.path.splitext(path)[1].lower()
    return suffix if suffix in (".npy", ".npz") else ""


def check_exists(path: str | Path) -> None:
    """Checks that there is something at a path.

    Raises:
        InputError: if not.
    """
    if not os.path.exists(path):
        raise InputError(f"there is no file {path}; give an image, a folder or a glob pattern")


def _check_file(path: str) -> None:
    check_exists(path)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):
        raise InputError(f"{path} is not a file that can be read")
    if os.path.getsize(path) == 0:
        raise InputError(f"{path} is empty, of 0 bytes; it should be an image")


def not_finite(image: Shaped[np.ndarray, "..."], name: str) -> InputError:
    """What to say of an image with values that are no numbers."""
    bad = image.size - np.count_nonzero(np.isfinite(image))
    amount = "all" if bad == image.size else f"{bad} of {image.size}"
    return InputError(f"{name}: {amount} values are NaN or infinite; they should be in [0, 1]")


def too_large(name: str) -> InputError:
    """What to say of an image that is too large to be read."""
    return InputError(
        f"{name} says that it has more than {MAX_PIXELS:,} pixels, the most that is read; "
        "crop or shrink it"
    )
