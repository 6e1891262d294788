"""What the canvas is before the first object. A new kind is a file here, and a line below."""

from typing import Protocol

import numpy as np
from jaxtyping import Float, Float32

from airscene.model.background.black import Black
from airscene.model.background.flat import Flat, Planes
from airscene.model.background.smooth import Smooth
from airscene.model.shapes import Image


class Background(Protocol):
    """The canvas without objects."""

    def canvas(self, image: Image) -> Image:
        """Return the canvas before the first object.

        Args:
            image: The image that is inferred, or any of the same shape where there is none.
        """
        ...


class FittedBackground(Protocol):
    """The ground of an image, fitted to it before inference and told by a few numbers.

    It is NumPy's, as images of every size are fitted: nothing of it is compiled.
    """

    def fit(self, image: Planes) -> Float[np.ndarray, " values"]:
        """Return the numbers that tell the ground of an image.

        Args:
            image: The image, in any size.
        """
        ...

    def draw(
        self, values: Float[np.ndarray, " values"], size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return a ground.

        Args:
            values: The numbers that tell it.
            size: Its height and width.
        """
        ...


BACKGROUNDS: dict[str, type[Background]] = {"black": Black}

FITTED: dict[str, type[FittedBackground]] = {"black": Black, "flat": Flat, "smooth": Smooth}
