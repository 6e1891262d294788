"""A black background."""

import equinox as eqx
import jax.numpy as jnp

from airscene.model.shapes import Image


class Black(eqx.Module):
    """Zeros: every pixel is left to the objects (paper, section 3.1)."""

    def canvas(self, image: Image) -> Image:
        """Return a black canvas of the shape of an image."""
        return jnp.zeros_like(image)
