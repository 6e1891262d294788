"""A survey of images before anything is trained: what they are like, and what is unusual."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from airscene.errors import InputError
from airscene.images.frame import parse_object_size
from airscene.images.given import items_of
from airscene.images.load import each_image
from airscene.images.own import OwnImages, evenly
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import First, Looked, first_look, look
from airscene.model.patch.size import Planes

# The most files that are read, the most images whose ground and sizes are looked at, and the most
# of those that are scaled to estimate contrast and noise.
READ, LOOKED, SCALED = 200, 30, 12

# Images are shrunk to about this many pixels on the longer side.
SIDE = 800

# What is within this of white or black is saturated; what is farther than that from the ground is
# no ground.
SATURATED, BEYOND = 0.006, 0.1


@dataclass(frozen=True)
class Survey:
    """What is found out about images.

    Args:
        n_files: How many files were given.
        n_read: How many of them were read, evenly chosen.
        sizes: Height and width of each image in them.
        damaged: Files that cannot be read, each with the reason.
        named: The images that were looked at, evenly chosen, shrunk if they are large.
        channels: 1 if they are grey, else 3.
        first: What a first look at them found.
        looked: What a look at a few of them found; None if they cannot be trained on.
        trouble: Why they cannot be trained on; empty if they can.
        saturated: The share of pixels that are white or black where there is no ground.
    """

    n_files: int
    n_read: int
    sizes: list[tuple[int, int]]
    damaged: list[tuple[str, str]]
    named: list[tuple[str, np.ndarray]]
    channels: int
    first: First
    looked: Looked | None
    trouble: str
    saturated: float

    @property
    def short_side(self) -> float:
        """The short side of a typical image, in pixels."""
        return float(np.median([min(size) for size in self.sizes]))


def survey(paths: Sequence[str], config: PatchConfig) -> Survey:
    """Look at images before anything is trained.

    Args:
        paths: Files, folders or patterns.
        config: What is wanted, as training would be told.

    Raises:
        InputError: If a path leads nowhere, or not one image can be read.
    """
    files = [name for name, _ in items_of(paths)]
    read = evenly(files, READ)
    sizes: list[tuple[int, int]] = []
    damaged: list[tuple[str, str]] = []
    kept: list[tuple[str, np.ndarray]] = []
    every = 1
    for name, image in each_image(read, damaged=damaged):
        sizes.append((image.shape[0], image.shape[1]))
        if (len(sizes) - 1) % every == 0:
            kept.append((name, _shrunk(image)))
        if len(kept) >= 2 * LOOKED:
            kept, every = kept[::2], 2 * every
    kept = evenly(kept, LOOKED)
    own = OwnImages(kept)
    config = _as_share(replace(config, channels=own.channels), sizes)
    trouble, looked = "", None
    first = first_look([image for _, image in kept], config)
    try:
        if len(kept) > 1 or not damaged:
            own.checked()
        looked = look(evenly(kept, SCALED), config, first)
    except InputError as error:
        trouble = str(error)
    shares = [_saturated(*one) for one in zip(first.small, first.less, strict=True)]
    return Survey(
        n_files=len(files),
        n_read=len(read),
        sizes=sizes,
        damaged=damaged,
        named=kept,
        channels=own.channels,
        first=first,
        looked=looked,
        trouble=trouble,
        saturated=float(np.mean(shares)),
    )


def _shrunk(image: np.ndarray) -> np.ndarray:
    """An image shrunk by a whole number, so that it has about `SIDE` pixels or less than twice."""
    by = max(image.shape[:2]) // SIDE
    if by < 2:
        return image
    height, width = (side // by for side in image.shape[:2])
    blocks = image[: height * by, : width * by].reshape(height, by, width, by, *image.shape[2:])
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _as_share(config: PatchConfig, sizes: Sequence[tuple[int, int]]) -> PatchConfig:
    """The configuration with an object size in pixels as a share, as images are shrunk."""
    if not config.object_size:
        return config
    size = parse_object_size(config.object_size)
    if not size.in_pixels:
        return config
    share = size.value / float(np.median([min(size) for size in sizes]))
    return replace(config, object_size=f"{min(share, 1.0):.6f}")


def _saturated(image: Planes, less: Planes) -> float:
    at_end = (image.min(axis=0) > 1.0 - SATURATED) | (image.max(axis=0) < SATURATED)
    return float((at_end & (np.abs(less).max(axis=0) > BEYOND)).mean())
