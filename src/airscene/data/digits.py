"""MNIST digits: from a folder, the cache, a verified download or the bundled subset."""

import importlib.resources
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from airscene.data.mnist_files import (
    SPLIT_FILES,
    Split,
    cache_folder,
    download,
    find_split,
    read_verified,
)
from airscene.errors import InputError

BUNDLED = importlib.resources.files("airscene.data") / "bundled" / "mnist-12000.npz"


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Handwritten digits.

    Args:
        images: 0 black to 255 white.
        labels: 0..9.
        source: where they came from, in plain words.
    """

    images: UInt8[np.ndarray, "n 28 28"]
    labels: UInt8[np.ndarray, "n"]
    source: str

    def __len__(self) -> int:
        """The number of digits."""
        return len(self.images)

    def __repr__(self) -> str:
        """One line: how many, from where."""
        return f"Digits({len(self)}; {self.source})"


def load_digits(split: Split, source: str | Path = "auto") -> Digits:
    """Loads a split of MNIST.

    "auto" takes the first of these that has the split: the folder that the environment variable
    AIRSCENE_DATA names (or `mnist/` in it), the cache, a download, the bundled subset. The
    `source` of what it returns says which, and what was passed over.

    Args:
        split: "train" (60,000 digits) or "test" (10,000).
        source: "auto", "bundled" (10,000 and 2,000 digits), or a folder that holds MNIST's files
            in IDX format, gzipped or not (or whose `mnist/` does).

    Returns:
        The digits.

    Raises:
        InputError: if the folder given holds no MNIST, or a file of MNIST in a folder or in the
            cache is damaged: that is never passed over.
    """
    if source == "bundled":
        return _bundled(split)
    if source == "auto":
        return _auto(split)
    digits = _from_folder(split, Path(source), f"the folder {source}")
    if digits is None:
        raise InputError(
            f"there is no MNIST in {source}: it should hold "
            + " and ".join(f"{file}.gz" for file in SPLIT_FILES[split])
        )
    return digits


def _auto(split: Split) -> Digits:
    named = os.environ.get("AIRSCENE_DATA")
    passed_over = []
    if named:
        digits = _from_folder(split, Path(named), "the folder that AIRSCENE_DATA names")
        if digits is not None:
            return digits
        passed_over.append("the folder that AIRSCENE_DATA names holds no MNIST")
    digits = _from_cache(split) or _from_mirror(split)
    if digits is None:
        passed_over.append("no mirror of MNIST could be reached")
        digits = _bundled(split)
    if passed_over:
        digits = replace(digits, source=f"{digits.source}; {'; '.join(passed_over)}")
    return digits


def _from_folder(split: Split, folder: Path, name: str) -> Digits | None:
    paths = find_split(folder, split)
    if not any(paths):
        return None
    for path, file in zip(paths, SPLIT_FILES[split], strict=True):
        if path is None:
            raise InputError(f"{folder} holds only a part of MNIST: {file}.gz should be there too")
    return _read(split, paths, name)


def _from_cache(split: Split) -> Digits | None:
    # A part of the split is no fault here: a download that was interrupted leaves it.
    paths = find_split(cache_folder(), split)
    return _read(split, paths, "the cache") if all(paths) else None


def _read(split: Split, paths: list[Path], name: str) -> Digits:
    files = zip(paths, SPLIT_FILES[split], strict=True)
    images, labels = (read_verified(path, file) for path, file in files)
    return _from_idx(split, images, labels, name)


def _from_mirror(split: Split) -> Digits | None:
    downloaded = download(split)
    return None if downloaded is None else _from_idx(split, *downloaded)


def _from_idx(split: Split, images: bytes, labels: bytes, name: str) -> Digits:
    # The header, 16 bytes for images and 8 for labels, needs no look: the hash vouches for it.
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    source = f"MNIST {split} split, {len(pixels):,} digits from {name}"
    return Digits(pixels, np.frombuffer(labels, np.uint8, offset=8), source)


def _bundled(split: Split) -> Digits:
    with BUNDLED.open("rb") as file, np.load(file) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return Digits(images, labels, f"MNIST {split} split, the bundled subset of {len(images):,}")
