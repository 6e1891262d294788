"""How an object changes the canvas. A new kind is a class and a line in `COMPOSITIONS`."""

from typing import Protocol

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from airscene.model.shapes import Image

Drawn = Float[Array, "steps channel height width"]


class Composition(Protocol):
    """How objects are put on the canvas, one after the other.

    One by one, as an unroll of N steps then gives the N + 1 partial canvases that the exact
    expectation over counts needs.
    """

    def add(self, canvas: Image, drawn: Image) -> Image:
        """Put one more object on the canvas."""
        ...

    def compose(self, canvas: Image, drawn: Drawn, present: Bool[Array, " steps"]) -> Image:
        """Put those objects on the canvas that are present."""
        ...


class Sum(eqx.Module):
    """`y_i = y_{i-1} + drawn_i` (paper, section 3.1): what overlaps is brighter."""

    def add(self, canvas: Image, drawn: Image) -> Image:
        """Return the canvas with one more object."""
        return canvas + drawn

    def compose(self, canvas: Image, drawn: Drawn, present: Bool[Array, " steps"]) -> Image:
        """Return the canvas with the objects that are present, in one product."""
        return canvas + jnp.tensordot(present.astype(drawn.dtype), drawn, axes=1)


COMPOSITIONS: dict[str, type[Composition]] = {"sum": Sum}
