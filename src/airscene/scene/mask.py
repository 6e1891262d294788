"""The pixels of an image that an object covers, and their JSON: run lengths, as COCO has them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool

from airscene.errors import InputError
from airscene.scene import json_fields as fields
from airscene.scene.json_fields import Kept

# The most pixels that a mask has: what an image may have.
MAX_PIXELS = 100_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Mask(Kept):
    """The pixels of the image given that an object covers.

    In JSON `{"corner": [x0, y0], "size": [h, w], "counts": [...]}`: `counts` are the lengths of the
    runs of pixels that are off, on, off and so on, column by column from the left, each from the
    top. They start with the pixels that are off, of which there may be 0.

    Args:
        corner: (x0, y0), the pixel of the image that `bits[0, 0]` is.
        bits: which pixels from there on are covered.

    Raises:
        InputError: if the corner is negative, or it or the mask is beyond 100 million pixels.
    """

    corner: tuple[int, int]
    bits: Bool[np.ndarray, "height width"]
    forms: ClassVar = {
        "corner": fields.wholes(("x0", "y0")),
        "size": fields.wholes(("height", "width")),
        "counts": fields.wholes(),
    }

    def __post_init__(self) -> None:
        if not all(0 <= side <= MAX_PIXELS for side in self.corner):
            raise InputError("a mask's corner should be two whole numbers from 0 to 100,000,000")
        _check_size(self.size, "a mask")

    @classmethod
    def of(cls, image: Bool[np.ndarray, "height width"]) -> "Mask":
        """The mask of the pixels that are on in an array of the image's size, cropped to them."""
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if not rows.size:
            return cls((0, 0), np.zeros((0, 0), bool))
        y0, y1, x0, x1 = (int(side) for ends in (rows, columns) for side in ends[[0, -1]])
        return cls((x0, y0), image[y0 : y1 + 1, x0 : x1 + 1].copy())

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of `bits`."""
        height, width = self.bits.shape
        return height, width

    @property
    def counts(self) -> list[int]:
        """The run lengths of `bits`, as JSON has them."""
        return _run_lengths(self.bits)

    @property
    def area(self) -> int:
        """The number of pixels covered."""
        return int(np.count_nonzero(self.bits))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The tight box (x0, y0, x1, y1) of the pixels covered; at the corner if there are none."""
        x, y = self.corner
        tight = type(self).of(self.bits)
        (left, top), (height, width) = tight.corner, tight.size
        return float(x + left), float(y + top), float(x + left + width), float(y + top + height)

    def inside(self, size: tuple[int, int]) -> Bool[np.ndarray, "new_height new_width"]:
        """What of `bits` lies in an image of a size (height, width)."""
        (x, y), (height, width) = self.corner, size
        return self.bits[: max(height - y, 0), : max(width - x, 0)]

    def counts_in(self, size: tuple[int, int]) -> list[int]:
        """The run lengths of the whole image.

        Args:
            size: height and width of the image, in pixels. What lies outside is left out.

        Returns:
            The lengths of the runs, column by column, starting with pixels that are off.
        """
        (x, y), (height, width), bits = self.corner, size, self.inside(size)
        if not bits.size:
            return [height * width]
        # Only the columns that it reaches: an image may be far larger.
        columns = np.zeros((height, bits.shape[1]), bool)
        columns[y : y + bits.shape[0]] = bits
        counts, after = _run_lengths(columns), (width - x - bits.shape[1]) * height
        counts[0] += x * height
        if len(counts) % 2:
            counts[-1] += after
        elif after:
            counts.append(after)
        return counts

    @classmethod
    def from_dict(cls, data: Any, where: str, **more: Any) -> "Mask":
        """Makes one of what JSON says.

        Raises:
            InputError: if a field is missing or of the wrong type, or the fields contradict each
                other; `where` is the mask's place, for the message.
        """
        read = {n: form.read(data, n, where) for n, form in cls.forms.items() if form.read}
        corner, (height, width), counts = read.values()
        _check_size((height, width), where)
        if sum(counts) != height * width:
            raise InputError(
                f"{where}.counts should sum to {height * width}, the pixels of its size "
                f"{height}x{width}"
            )
        on = np.arange(len(counts)) % 2 == 1
        bits = np.repeat(on, np.array(counts, int)).reshape(width, height).T
        try:
            return cls(corner, np.ascontiguousarray(bits), **more)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error

    def __repr__(self) -> str:
        """One line: how many pixels, and where."""
        height, width = self.size
        return f"Mask({self.area} pixels in {width}x{height} at {self.corner})"


def _check_size(size: tuple[int, int], where: str) -> None:
    # Each side too, as one of them may be 0.
    if max(size) > MAX_PIXELS or size[0] * size[1] > MAX_PIXELS:
        raise InputError(f"{where} is of more than {MAX_PIXELS:,} pixels, the most of an image")


def _run_lengths(bits: Bool[np.ndarray, "height width"]) -> list[int]:
    """The lengths of runs, column by column, starting with pixels that are off."""
    line = bits.ravel(order="F")
    if not line.size:
        return []
    changes = np.flatnonzero(line[1:] != line[:-1]) + 1
    lengths = np.diff(np.concatenate(([0], changes, [line.size]))).tolist()
    return [0, *lengths] if line[0] else lengths
