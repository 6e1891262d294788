"""A black background."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32

from airscene.model.background.fitted import FittedBackground, Planes, Values
from airscene.model.shapes import Image


class Black(FittedBackground):
    """Zeros: every pixel is left to the objects (paper, section 3.1)."""

    def canvas(self, image: Image) -> Image:
        """Return a black canvas of the shape of an image."""
        return jnp.zeros_like(image)

    def fit(self, image: Planes) -> Float[np.ndarray, " channel"]:
        """Return a zero for each channel."""
        return np.zeros(len(image))

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return zeros."""
        return np.zeros((len(values), *size), np.float32)
