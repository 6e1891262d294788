"""What the canvas is before the first object. A new kind is a file here, and a line below."""

from typing import Protocol

from airscene.model.background.black import Black
from airscene.model.shapes import Image


class Background(Protocol):
    """The canvas without objects."""

    def canvas(self, image: Image) -> Image:
        """Return the canvas before the first object.

        Args:
            image: The image that is inferred, or any of the same shape where there is none.
        """
        ...


BACKGROUNDS: dict[str, type[Background]] = {"black": Black}
