"""Objects lie on top of each other."""

from typing import ClassVar

import equinox as eqx

from airscene.model.shapes import AnyImage, AnyMask


class Over(eqx.Module):
    """`y_i = y_{i-1} (1 - m_i) + m_i a_i`: the next object covers what is below (alpha, in order).

    In front of a background b, with images less b: canvas and colours are then relative to it.
    """

    masked: ClassVar[bool] = True
    hides: ClassVar[bool] = True

    def add(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask | None) -> AnyImage:
        """Return the canvas with one more object: `drawn` is `m_i a_i`."""
        assert mask is not None
        return canvas * (1.0 - mask) + drawn

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Return the canvas with one more object: the next one covers, always."""
        return self.add(canvas, drawn, mask)
