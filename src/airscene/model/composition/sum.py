"""Objects add up."""

from typing import ClassVar

import equinox as eqx

from airscene.model.shapes import AnyImage, AnyMask


class Sum(eqx.Module):
    """`y_i = y_{i-1} + drawn_i` (paper, section 3.1): what overlaps is brighter."""

    masked: ClassVar[bool] = False
    hides: ClassVar[bool] = False

    def add(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask | None = None) -> AnyImage:
        """Return the canvas with one more object."""
        return canvas + drawn

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Return the canvas with one more object: a sum has no order."""
        return self.add(canvas, drawn, mask)
