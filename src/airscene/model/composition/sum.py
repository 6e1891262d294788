"""Objects add up."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from airscene.model.shapes import AnyImage, AnyMask, Image


class Sum(eqx.Module):
    """`y_i = y_{i-1} + drawn_i` (paper, section 3.1): what overlaps is brighter."""

    def add(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask | None = None) -> AnyImage:
        """Return the canvas with one more object."""
        return canvas + drawn

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Return the canvas with one more object: a sum has no order."""
        return self.add(canvas, drawn, mask)

    def compose(
        self,
        canvas: Image,
        drawn: Float[Array, "steps channel height width"],
        present: Bool[Array, " steps"],
    ) -> Image:
        """Return the canvas with the objects that are present, in one product."""
        return canvas + jnp.tensordot(present.astype(drawn.dtype), drawn, axes=1)
