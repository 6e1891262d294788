"""Objects add up to white at most."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from airscene.model.shapes import Image


class Clip(eqx.Module):
    """`y_i = min(y_{i-1} + drawn_i, 1)`: a sum, as a camera or a file of pixels ends it.

    Where the sum is above white, neither object is seen, and neither has a gradient. Deviation from
    the paper, whose objects add up (section 3.1).
    """

    masked: ClassVar[bool] = False
    hides: ClassVar[bool] = True

    def add(self, canvas: Image, drawn: Image, mask: Array | None = None) -> Image:
        """Return the canvas with one more object."""
        return jnp.minimum(canvas + drawn, 1.0)
