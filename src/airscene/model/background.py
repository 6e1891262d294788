"""What the canvas is before the first object. A new kind is a class and a line in `BACKGROUNDS`."""

from typing import Protocol

import equinox as eqx
import jax.numpy as jnp

from airscene.model.shapes import Image


class Background(Protocol):
    """The canvas without objects."""

    def canvas(self, image: Image) -> Image:
        """Return the canvas before the first object.

        Args:
            image: The image that is inferred, or any of the same shape where there is none.
        """
        ...


class Black(eqx.Module):
    """Zeros: every pixel is left to the objects (paper, section 3.1)."""

    def canvas(self, image: Image) -> Image:
        """Return a black canvas of the shape of an image."""
        return jnp.zeros_like(image)


BACKGROUNDS: dict[str, type[Background]] = {"black": Black}
