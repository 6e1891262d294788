"""How an object changes the canvas. A new kind is a file here, and a line in `COMPOSITIONS`."""

from typing import ClassVar, Protocol, runtime_checkable

from airscene.model.composition.clip import Clip
from airscene.model.composition.either import Either
from airscene.model.composition.max import Max
from airscene.model.composition.over import Over
from airscene.model.composition.sum import Sum
from airscene.model.shapes import AnyImage, AnyMask, Image


class Composition(Protocol):
    """How objects are put on the canvas, one after the other.

    One by one, as an unroll of N steps then gives the N + 1 partial canvases that the exact
    expectation over counts needs.

    Args:
        masked: Whether it needs masks, which the decoder then draws beside the colours.
        hides: Whether an object may hide another. What is left of the image then says too little of
            the next one, and a difference network sees the canvas too.
    """

    masked: ClassVar[bool]
    hides: ClassVar[bool]

    def add(self, canvas: Image, drawn: Image, mask: AnyMask | None) -> Image:
        """Put one more object on the canvas.

        Args:
            canvas: The canvas with the objects so far.
            drawn: What the object adds: its colours, times the mask.
            mask: How much of each pixel it covers; None where the decoder draws no masks.
        """
        ...


COMPOSITIONS: dict[str, type[Composition]] = {"clip": Clip, "max": Max, "over": Over, "sum": Sum}


@runtime_checkable
class Masked(Protocol):
    """A composition of objects with masks, in NumPy or in JAX: any part of the canvas will do."""

    def add(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask) -> AnyImage:
        """Put one more object on the canvas, see `Composition.add`."""
        ...

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Put one more object below those that are there.

        Args:
            canvas: The canvas with the objects so far.
            drawn: The colours of the object, times its mask.
            mask: How much of each pixel it covers.
            covered: How much of each pixel is covered by the objects so far.

        Returns:
            The canvas; where an object cannot lie below others, that of `add`.
        """
        ...


# Those of objects with masks, which the decoder of `airscene.model.patch` draws.
MASKED: dict[str, type[Masked]] = {"either": Either, "max": Max, "over": Over, "sum": Sum}
