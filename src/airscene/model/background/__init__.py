"""What the canvas is before the first object. A new kind is a file here, and a line below."""

from typing import Protocol

from airscene.model.background.black import Black
from airscene.model.background.fitted import FittedBackground
from airscene.model.background.flat import Flat
from airscene.model.background.learnt import Learnt
from airscene.model.background.set import Grounds, Set, grounds_of
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


BACKGROUNDS: dict[str, type[Background]] = {"black": Black}

FITTED: dict[str, type[FittedBackground]] = {
    "black": Black,
    "flat": Flat,
    "smooth": Smooth,
}

# Those that are told by pictures, of which each set of images has its own.
FROM_PICTURES: dict[str, type[Set] | type[Learnt]] = {"set": Set, "learnt": Learnt}

__all__ = [
    "BACKGROUNDS",
    "FITTED",
    "FROM_PICTURES",
    "Background",
    "FittedBackground",
    "Grounds",
    "grounds_of",
]
