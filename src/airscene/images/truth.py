"""Images whose objects are known: what they count, what they are, where their ink lies."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Int, UInt8

# Images looked at together: this bounds the working memory.
_IMAGES = 1024


@dataclass(frozen=True, eq=False, repr=False)
class LabelledScenes:
    """Images with known truth. M is the largest count.

    Args:
        images: grey [n, H, W] or colour [n, H, W, 3], 0 black to 255 white.
        counts: the number of objects in each image.
        labels: the class of each object, -1 where there is none.
        boxes: ink boxes (x0, y0, x1, y1) in pixels, the tight boxes of the pixels above zero, or
            of each object's pixels in `masks`; NaN where there is no object.
        source: what the images were made from, in plain words.
        masks: what is visible in each pixel: 0 the ground, k the k-th object of `labels` and
            `boxes`, from 1. Object k + 1 lies on object k. None where it is not known.
    """

    images: UInt8[np.ndarray, "n height width"] | UInt8[np.ndarray, "n height width 3"]
    counts: Int[np.ndarray, "n"]
    labels: Int[np.ndarray, "n M"]
    boxes: Float32[np.ndarray, "n M 4"]
    source: str
    masks: UInt8[np.ndarray, "n height width"] | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def __repr__(self) -> str:
        """One line: how many images, of what size, with what counts, from where."""
        height, width = self.images.shape[1:3]
        numbers, times = np.unique(self.counts, return_counts=True)
        shown = ", ".join(f"{t} of {c}" for c, t in zip(numbers, times, strict=True))
        return (
            f"LabelledScenes({len(self)} images of {width}x{height}, counts: {shown}; "
            f"{self.source})"
        )


def ink_boxes(images: UInt8[np.ndarray, "n height width"]) -> Int[np.ndarray, "n 4"]:
    """The tight box of the pixels above zero of each grey image.

    Args:
        images: grey images, each with some ink.

    Returns:
        (x0, y0, x1, y1) in pixels; x1 and y1 are one past the last pixel with ink.

    Raises:
        ValueError: if an image has no ink.
    """
    ink: Any = images > 0
    columns, rows = ink.any(axis=1), ink.any(axis=2)
    if not columns.any(axis=1).all():
        raise ValueError("an image without ink has no ink box")
    height, width = images.shape[1:]
    last = width - columns[:, ::-1].argmax(axis=1), height - rows[:, ::-1].argmax(axis=1)
    return np.stack([columns.argmax(axis=1), rows.argmax(axis=1), *last], axis=1)


def mask_boxes(
    masks: UInt8[np.ndarray, "n height width"], most: int
) -> Float32[np.ndarray, "n most 4"]:
    """The tight box of the pixels of each object of label images.

    Args:
        masks: 0 the ground, k the k-th object.
        most: the number of boxes of each image; labels above it have none.

    Returns:
        (x0, y0, x1, y1) in pixels; x1 and y1 are one past the last pixel. NaN where no pixel has
        the label.
    """
    boxes = np.full((len(masks), most, 4), np.nan, np.float32)
    for start in range(0, len(masks), _IMAGES):
        chunk = masks[start : start + _IMAGES]
        for k in range(most):
            shown: Any = chunk == k + 1
            there = np.flatnonzero(shown.any(axis=(1, 2)))
            boxes[start + there, k] = ink_boxes(shown[there].view(np.uint8))
    return boxes


def uncounted(images: UInt8[np.ndarray, "n *shape"], source: str) -> LabelledScenes:
    """Images whose objects are not known: their counts are -1, so that none is called right."""
    n = len(images)
    return LabelledScenes(
        images=images,
        counts=np.full(n, -1),
        labels=np.full((n, 0), -1),
        boxes=np.zeros((n, 0, 4), np.float32),
        source=source,
    )
