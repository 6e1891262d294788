"""The ground of an image, fitted to it before inference and told by a few numbers."""

from abc import abstractmethod

import equinox as eqx
import numpy as np
from jaxtyping import Float, Float32

Planes = Float[np.ndarray, "channel _ _"]
Values = Float[np.ndarray, " values"]


class FittedBackground(eqx.Module):
    """A background of images of any size.

    It is NumPy's, as nothing of it is compiled: images of every size are fitted.
    """

    @abstractmethod
    def fit(self, image: Planes) -> Values:
        """Return the numbers that tell the ground of an image."""

    @abstractmethod
    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return a ground.

        Args:
            values: The numbers that tell it.
            size: Its height and width.
        """

    def less(self, image: Planes, values: Values) -> Float32[np.ndarray, "channel height width"]:
        """Return an image less its ground."""
        return (image - self.draw(values, image.shape[1:])).astype(np.float32)
