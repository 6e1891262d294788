"""How an object changes the canvas. A new kind is a file here, and a line in `COMPOSITIONS`."""

from typing import Protocol

from jaxtyping import Array, Bool, Float

from airscene.model.composition.sum import Sum
from airscene.model.shapes import Image


class Composition(Protocol):
    """How objects are put on the canvas, one after the other.

    One by one, as an unroll of N steps then gives the N + 1 partial canvases that the exact
    expectation over counts needs.
    """

    def add(self, canvas: Image, drawn: Image) -> Image:
        """Put one more object on the canvas."""
        ...

    def compose(
        self,
        canvas: Image,
        drawn: Float[Array, "steps channel height width"],
        present: Bool[Array, " steps"],
    ) -> Image:
        """Put those objects on the canvas that are present."""
        ...


COMPOSITIONS: dict[str, type[Composition]] = {"sum": Sum}
