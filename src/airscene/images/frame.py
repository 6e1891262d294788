"""The frame: images scaled so that a typical object has a given size.

It is the only place that knows how large the objects are in the images given.
"""

import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from airscene.errors import InputError
from airscene.images.fit import with_channels
from airscene.images.pictures import GreyOrColour
from airscene.images.resample import resample

# The most pixels of a scaled image.
MOST = 30_000_000


class ObjectSize(NamedTuple):
    """How large a typical object is: the longer side of its box.

    Args:
        value: The size.
        in_pixels: Whether it is in pixels of the images given, or a share of their short side.
    """

    value: float
    in_pixels: bool

    def pixels(self, size: tuple[int, int]) -> float:
        """Return the size in pixels of an image of this height and width."""
        return self.value if self.in_pixels else self.value * min(size)

    def __str__(self) -> str:
        return f"{self.value:g}px" if self.in_pixels else f"{self.value:g}"


def parse_object_size(text: str, option: str = "--object-size") -> ObjectSize:
    """Read a size: "40px" is in pixels, "0.06" a share of the images' short side.

    Args:
        text: The size.
        option: What messages call it.

    Raises:
        InputError: If it is neither.
    """
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(px)?\s*", text)
    value = float(match[1]) if match else 0.0
    in_pixels = bool(match and match[2])
    if not (0.0 < value <= (1e5 if in_pixels else 1.0)):
        raise InputError(
            f"{option} is {text}; it should be pixels, as 40px, or a share of the images' "
            "short side, as 0.06"
        )
    return ObjectSize(value, in_pixels)


class Frame(NamedTuple):
    """How images are scaled.

    Args:
        object_size: How large a typical object is in the images given.
        pixels: How large it is in scaled images.
        channels: Channels of scaled images, 1 or 3.
    """

    object_size: ObjectSize
    pixels: int
    channels: int

    def size(self, given: tuple[int, int], relative: float = 1.0) -> tuple[int, int]:
        """Return height and width of a scaled image.

        Args:
            given: Height and width of the image given.
            relative: The size of its objects in that of a typical image's.
        """
        ratio = self.pixels / (relative * self.object_size.pixels(given))
        height, width = (max(1, round(side * ratio)) for side in given)
        return height, width

    def scale(
        self, image: GreyOrColour, source: str, relative: float = 1.0
    ) -> Float32[np.ndarray, "channel new_height new_width"]:
        """Scale an image.

        Args:
            image: The image given, in [0, 1].
            source: What messages call it.
            relative: As `size` takes it.

        Raises:
            InputError: If objects of that size do not fit into it, or it would be huge.
        """
        given = image.shape[:2]
        side = relative * self.object_size.pixels(given)
        if side > max(given):
            raise InputError(
                f"{source} is {given[1]}x{given[0]} pixels, and an object {side:.0f}: objects "
                "should fit into the images; give a smaller --object-size"
            )
        size = self.size(given, relative)
        if size[0] * size[1] > MOST:
            raise InputError(
                f"{source} would be {size[1]}x{size[0]} pixels if its objects were {self.pixels}: "
                "they are too small; give a larger --object-size"
            )
        planes = with_channels(image, self.channels)
        return resample(planes, size) if size != given else planes.astype(np.float32)
