"""Where an object may be: what the canvas leaves unexplained, at the scale of an object."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.shapes import AnyArray, Image

# The error is smoothed by a Gaussian of this deviation, in windows: residues of both signs about an
# object that is drawn cancel, an object that is not drawn stays.
BLUR = 0.2

# Squared error, in units of the contrast squared, that attracts half as much as the largest.
HALF_SATURATION = 0.25

# Mean shift: number of iterations, and deviation of their Gaussian kernel, in windows.
MEAN_SHIFTS, SHIFT_WIDTH = 5, 0.25

# The colour of an object is sought from that of a spot, a Gaussian of this deviation in pixels, and
# among colours so near, in windows; h is this many contrasts; number of iterations.
SPOT, NEAR, ALIKE, COLOUR_SHIFTS = 0.7, 0.12, 0.2, 3

Point = Float[Array, " 2"]
Saliency = Float[Array, "height width"]


def saliency(error: Image, contrast: float, window: float) -> Saliency:
    """Return how much there is to explain about each pixel, from 0 to 1.

        s = e / (e + 1/4),  e = mean_c (blurred error / contrast)^2

    Args:
        error: Image less canvas.
        contrast: How far the middle of a typical object is from the ground.
        window: Side of a typical window, in pixels.
    """
    rows, columns = (_blur(side, BLUR * window) for side in error.shape[1:])
    return saturated(jnp.square(rows @ error @ columns / contrast).mean(axis=0))


def saturated(energy: AnyArray) -> AnyArray:
    """Return `e / (e + 1/4)`: what is stronger than a typical object hardly attracts more."""
    return energy / (energy + HALF_SATURATION)


def mean_shift(there: Saliency, start: Point, window: float) -> Point:
    """Move a point (x, y), in pixels, to the local mean place of the saliency."""
    y, x = (jnp.arange(side) + 0.5 for side in there.shape)
    for _ in range(MEAN_SHIFTS):
        near_x = gaussian(x - start[0], SHIFT_WIDTH * window)
        near_y = gaussian(y - start[1], SHIFT_WIDTH * window)
        near = there * near_y[:, None] * near_x
        places = jnp.stack([near.sum(axis=0) @ x, near.sum(axis=1) @ y])
        start = places / (near.sum() + 1e-9)
    return start


def likeness(error: Image, near: Point, contrast: float, window: float) -> Saliency:
    """Return how alike each pixel is in colour to a place, from 0 to 1.

        l = exp(-|u - c|^2 / (2 h^2)),  c the mode of the colours near the place

    The mode, by mean shift from the colour at the place itself: where two objects meet it is the
    colour of one, not a mixture (Comaniciu and Meer 2002, of colour and place together).

    Args:
        error: Image less canvas.
        near: The place (x, y), in pixels.
        contrast: How far the middle of a typical object is from the ground.
        window: Side of a typical window, in pixels.
    """
    y, x = (jnp.arange(side) + 0.5 for side in error.shape[1:])

    def about(deviation: float) -> Saliency:
        return gaussian(y - near[1], deviation)[:, None] * gaussian(x - near[0], deviation)

    def mean(weights: Saliency) -> Float[Array, " channel"]:
        return (error * weights).sum((1, 2)) / (weights.sum() + 1e-9)

    def alike(colour: Float[Array, " channel"]) -> Saliency:
        squared = jnp.square(error - colour[:, None, None]).mean(0)
        return jnp.exp(-0.5 * squared / (ALIKE * contrast) ** 2)

    colour, close = mean(about(SPOT)), about(NEAR * window)
    for _ in range(COLOUR_SHIFTS):
        colour = mean(close * alike(colour))
    return alike(colour)


def gaussian(distance: Float[Array, "*shape"], deviation: float) -> Float[Array, "*shape"]:
    """Return `exp(-d^2 / (2 s^2))`."""
    return jnp.exp(-0.5 * jnp.square(distance / deviation))


def _blur(side: int, deviation: float) -> Float[Array, "side side"]:
    """A symmetric matrix that blurs one axis; its weights sum to one in the middle."""
    place = jnp.arange(float(side))
    weights = gaussian(place[:, None] - place, deviation)
    return jax.lax.stop_gradient(weights / weights[side // 2].sum())
