"""Of objects that overlap, the strongest is seen."""

from typing import ClassVar

import equinox as eqx

from airscene.model.shapes import AnyImage, AnyMask


class Max(eqx.Module):
    """`y_i = y_{i-1}` or `drawn_i`: in each channel of a pixel, what is further from the ground.

        y_i = drawn_i  where |drawn_i| > |y_{i-1}|,  y_{i-1} elsewhere

    Of bright things on black it is the largest value. The order does not matter. Deviation from the
    paper, whose objects add up (section 3.1): ink on ink is no darker than ink.
    """

    masked: ClassVar[bool] = False
    hides: ClassVar[bool] = True

    def add(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask | None = None) -> AnyImage:
        """Return the canvas with one more object."""
        return canvas + (abs(drawn) > abs(canvas)) * (drawn - canvas)

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Return the canvas with one more object: a maximum has no order."""
        return self.add(canvas, drawn, mask)
