"""The objects that are found in a whole image, and the canvas that they make."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from airscene.model.composition import Masked

Square = tuple[slice, slice]


@dataclass(eq=False)
class Found:
    """One object, on a patch of the padded image.

    Args:
        corner: Upper left corner (x, y) of the patch, in pixels of the padded image.
        drawn: Its colours less the ground, times the mask.
        mask: How much of each pixel it covers.
        kl: What its latents cost, in nats.
        centre: Centre of its window (x, y), in pixels of the padded image.
        side: Side of its window, in pixels.
        z_what: Its appearance code.
        price: What it costs to be there, in nats.
        gain: What the image would lose in log-likelihood without it, in nats.
        shown: Above 0 where a pixel is of it; None before that is known.
    """

    corner: tuple[int, int]
    drawn: Float32[np.ndarray, "channel side side"]
    mask: Float32[np.ndarray, "side side"]
    kl: float
    centre: Float32[np.ndarray, " 2"]
    side: float
    z_what: Float32[np.ndarray, " what"]
    price: float = 0.0
    gain: float = 0.0
    shown: Float32[np.ndarray, "side side"] | None = None

    @property
    def net(self) -> float:
        """What it gains beyond its cost, in nats: the log-odds that it is there."""
        return self.gain - self.kl - self.price

    @property
    def square(self) -> Square:
        """Rows and columns of its patch."""
        return square(self.corner, len(self.mask))

    def moved(self, dx: int, dy: int) -> "Found":
        """Return the object so many pixels to the right and down."""
        corner = (self.corner[0] + dx, self.corner[1] + dy)
        return replace(self, corner=corner, centre=self.centre + np.array([dx, dy], np.float32))

    def near(self, other: "Found") -> bool:
        """Whether the patches of two objects meet."""
        side = len(self.mask)
        return all(abs(a - b) < side for a, b in zip(self.corner, other.corner, strict=True))


def square(corner: tuple[int, int], side: int) -> Square:
    """Return rows and columns of a square with this upper left corner (x, y)."""
    return slice(corner[1], corner[1] + side), slice(corner[0], corner[0] + side)


def put(
    composition: Masked, canvas: np.ndarray, found: Found, covered: np.ndarray | None = None
) -> None:
    """Put one more object on a canvas, in place.

    Args:
        composition: How an object changes the canvas.
        canvas: The canvas.
        found: The object.
        covered: How much of each pixel is covered, to put the object below; None to put it on top.
    """
    here = (slice(None), *found.square)
    if covered is None:
        canvas[here] = composition.add(canvas[here], found.drawn, found.mask)
    else:
        below = covered[found.square]
        canvas[here] = composition.under(canvas[here], found.drawn, found.mask, below)


def cover(covered: np.ndarray, found: Found) -> None:
    """Count the object's mask to what is covered, in place."""
    covered[found.square] = 1.0 - (1.0 - covered[found.square]) * (1.0 - found.mask)


def local_canvas(
    composition: Masked, objects: list[Found], corner: tuple[int, int], like: np.ndarray
) -> tuple[Float32[np.ndarray, "channel side side"], Float32[np.ndarray, "side side"]]:
    """Return the canvas of objects, in their order, on one patch, and what they cover of it.

    Args:
        composition: How an object changes the canvas.
        objects: Those that may touch the patch.
        corner: Upper left corner (x, y) of the patch.
        like: An array of the patch's shape.
    """
    canvas, covered, side = np.zeros_like(like), np.zeros_like(like[0]), like.shape[-1]
    for found in objects:
        dx, dy = found.corner[0] - corner[0], found.corner[1] - corner[1]
        if abs(dx) >= side or abs(dy) >= side:
            continue
        here = slice(max(0, dy), min(side, side + dy)), slice(max(0, dx), min(side, side + dx))
        there = slice(max(0, -dy), min(side, side - dy)), slice(max(0, -dx), min(side, side - dx))
        part = (slice(None), *here)
        canvas[part] = composition.add(
            canvas[part], found.drawn[(slice(None), *there)], found.mask[there]
        )
        covered[here] = 1.0 - (1.0 - covered[here]) * (1.0 - found.mask[there])
    return canvas, covered
