"""A region of interest: outside of it all is ground."""

import equinox as eqx
import numpy as np
from jaxtyping import Float32

from airscene.model.background.fitted import FittedBackground, Planes, Values

# Left, top, right and bottom, as shares of the width and the height.
Box = tuple[float, float, float, float]


class Region(FittedBackground):
    """A ground that is fitted in a region of the image alone; what lies beyond is part of it.

    Args:
        inner: What is fitted there.
        box: Left, top, right and bottom of the region, as shares of the width and the height.
    """

    inner: FittedBackground
    box: Box = eqx.field(static=True)

    def fit(self, image: Planes) -> Values:
        """Return the numbers that tell the ground in the region."""
        return self.inner.fit(inside(image, self.box))

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return the ground; beyond the region, that of its edge."""
        drawn = self.inner.draw(values, inside_size(size, self.box))
        parts = zip(_slices(size, self.box), size, strict=True)
        beyond = [(part.start, n - part.stop) for part, n in parts]
        return np.pad(drawn, ((0, 0), *beyond), mode="edge")

    def less(self, image: Planes, values: Values) -> Float32[np.ndarray, "channel height width"]:
        """Return the image less its ground: 0 beyond the region."""
        less = np.zeros(image.shape, np.float32)
        here = (slice(None), *_slices(image.shape[1:], self.box))
        less[here] = self.inner.less(image[here], values)
        return less


def inside(image: Planes, box: Box) -> Planes:
    """Return the part of an image that is in a region."""
    return image[(slice(None), *_slices(image.shape[1:], box))]


def inside_size(size: tuple[int, int], box: Box) -> tuple[int, int]:
    """Return the height and width of the part of an image that is in a region."""
    rows, columns = _slices(size, box)
    return rows.stop - rows.start, columns.stop - columns.start


def corner_of(size: tuple[int, int], box: Box) -> tuple[int, int]:
    """Return the left upper corner (x, y) of a region, in pixels."""
    rows, columns = _slices(size, box)
    return columns.start, rows.start


def _slices(size: tuple[int, ...], box: Box) -> tuple[slice, slice]:
    """The rows and columns of a region, at least one of each."""
    left, top, right, bottom = box
    parts = []
    for n, low, high in ((size[0], top, bottom), (size[1], left, right)):
        start = min(round(low * n), n - 1)
        parts.append(slice(start, max(start + 1, round(high * n))))
    return parts[0], parts[1]
