"""What white is in images whose type does not say."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from airscene.images.pictures import Kind, Pixels, kind_of, of_kind

_TWELVE_BITS = 4095


def white_of_numbers(largest: float) -> int:
    """What white is in whole numbers whose type does not say, by the largest of them."""
    return 255 if largest <= 255 else 65535


def white_of_floats(largest: float) -> int:
    """What white is in the floats of a TIFF file, by the largest of them."""
    return 1 if largest <= 1 else white_of_numbers(largest)


def white_of_16_bits(pictures: Iterable[Pixels]) -> int:
    """What white is in 16-bit pictures: 4095 if they look as if a 12-bit camera took them.

    No more of them are asked for once a larger value has been seen.
    """
    largest = 0
    for picture in pictures:
        largest = max(largest, int(picture.values.max()))
        if largest > _TWELVE_BITS:
            return 65535
    # Up to 255 they are more likely 8 bits saved as 16 by mistake, of which there is a warning.
    return _TWELVE_BITS if largest > 255 else 65535


def white_of_array(array: Shaped[np.ndarray, "..."]) -> int:
    """What white is in an array of whole numbers; of other types, which say it, it is not used."""
    if array.dtype.kind not in "iu" or array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return 255
    return white_of_numbers(float(array.max()))


class Whites:
    """What white is in the pictures of one call, found out when it is first asked for.

    Args:
        given: all that the call is given: files, Pillow images, and arrays, which are no pictures.
    """

    def __init__(self, given: Sequence[str | Image.Image | np.ndarray]) -> None:
        self._given = given
        self._of_16_bits: int | None = None
        self._own: tuple[int, Kind, int] | None = None

    def of(self, picture: Image.Image, place: int) -> int:
        """What white is in a picture.

        Args:
            picture: a page of it; they are asked for in their order.
            place: where in what is given it is.
        """
        kind = kind_of(picture)
        if kind in ("8 bits", "12 bits"):
            return 255 if kind == "8 bits" else _TWELVE_BITS
        if kind == "16 bits":
            if self._of_16_bits is None:
                # None before this one holds 16 bits, or they would have asked.
                rest = itertools.islice(self._given, place, None)
                self._of_16_bits = white_of_16_bits(of_kind(rest, kind))
            return self._of_16_bits
        if self._own is None or self._own[:2] != (place, kind):
            pixels = of_kind([self._given[place]], kind)
            largest = max((float(page.values.max()) for page in pixels), default=0.0)
            white = white_of_floats if kind == "floats" else white_of_numbers
            self._own = place, kind, white(largest)
        return self._own[2]
