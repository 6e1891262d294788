"""How an object changes the canvas. A new kind is a file here, and a line in `COMPOSITIONS`."""

from typing import Protocol

from jaxtyping import Array, Bool, Float

from airscene.model.composition.sum import Sum


class Composition(Protocol):
    """How objects are put on the canvas, one after the other.

    One by one, as an unroll of N steps then gives the N + 1 partial canvases that the exact
    expectation over counts needs.
    """

    def add(
        self,
        canvas: Float[Array, "channel height width"],
        drawn: Float[Array, "channel height width"],
    ) -> Float[Array, "channel height width"]:
        """Put one more object on the canvas."""
        ...

    def compose(
        self,
        canvas: Float[Array, "channel height width"],
        drawn: Float[Array, "steps channel height width"],
        present: Bool[Array, " steps"],
    ) -> Float[Array, "channel height width"]:
        """Put those objects on the canvas that are present."""
        ...


COMPOSITIONS: dict[str, type[Composition]] = {"sum": Sum}
