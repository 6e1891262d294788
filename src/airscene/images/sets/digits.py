"""MNIST digits: from a folder, the cache, a verified download or the bundled subset."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from airscene.images.sets.data_set import Split
from airscene.images.sets.downloads import PublishedFiles, read_sums

MNIST = PublishedFiles(
    name="MNIST",
    folder="mnist",
    # Of the unpacked bytes: mirrors put the same files into different gzip wrappers.
    sha256=read_sums(
        """
        ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
        65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
        0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
        ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte
        """
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    suffix=".gz",
    # Some copies of MNIST spell train-images.idx3-ubyte.
    respelled=("-idx", ".idx"),
)
SPLIT_FILES = {"train": tuple(MNIST.sha256)[:2], "test": tuple(MNIST.sha256)[2:]}
BUNDLED = importlib.resources.files("airscene.images.sets") / "bundled" / "mnist-12000.npz"


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

    Raises:
        InputError: if the folder given holds no MNIST, or a file of MNIST in a folder or in the
            cache is damaged: that is never passed over.
    """
    if source == "bundled":
        return _bundled(split, ())
    found = MNIST.load(SPLIT_FILES[split], source)
    if found.contents is None:
        return _bundled(split, found.passed_over)
    images, labels = found.contents
    # The header, 16 bytes for images and 8 for labels, needs no look: the hash vouches for it.
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    told = "; ".join([f"{len(pixels):,} digits from {found.where}", *found.passed_over])
    return Digits(pixels, np.frombuffer(labels, np.uint8, offset=8), f"MNIST {split} split, {told}")


def load_transposed(split: Split, source: str | Path = "auto") -> Digits:
    """Loads a split of MNIST as `load_digits` does, with rows and columns exchanged."""
    digits = load_digits(split, source)
    images = np.swapaxes(digits.images, 1, 2)
    return Digits(images, digits.labels, f"{digits.source}, transposed")


def _bundled(split: Split, passed_over: tuple[str, ...]) -> Digits:
    with BUNDLED.open("rb") as file, np.load(file) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    told = "; ".join([f"the bundled subset of {len(images):,}", *passed_over])
    return Digits(images, labels, f"MNIST {split} split, {told}")
