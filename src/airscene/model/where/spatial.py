"""Attention over the image: squares, how much there is to explain in each, and a mean place."""

import math
from functools import reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.config import AIRConfig
from airscene.model.shapes import Image, Place, Scalar, Squares

# Ink of a square where nothing is left, in units of the noise: attention still has a centre then.
FLOOR = 0.01

# The same without a floor: an image without ink has a mean place nevertheless.
TINY = 1e-12

# For objects smaller than this share of the image it falls, by so many nats as 1 / size grows.
LARGE, STEEP = 0.3, 2.5

# Side of the squares, unless an argument says another. A network that sees all of the image need
# not see fine detail to say where things are; the window sees the image itself.
POOL = 2


def square_centres(
    image_size: tuple[int, int], square: int = POOL
) -> tuple[Float[Array, " columns"], Float[Array, " rows"]]:
    """Return x and y of the centres of squares of a side, in [-1, 1] across the image."""
    height, width = image_size
    x, y = (
        (jnp.arange(-(-side // square)) + 0.5) * (2.0 * square / side) - 1.0
        for side in (width, height)
    )
    return x, y


def pool(image: Image, square: int = POOL) -> Float[Array, "channel rows columns"]:
    """Average an image over squares of a side, with black beyond its edges."""
    height, width = image.shape[1:]
    padded = jnp.pad(image, ((0, 0), (0, -height % square), (0, -width % square)))
    squares = [padded[:, i::square, j::square] for i in range(square) for j in range(square)]
    return reduce(jnp.add, squares) / square**2


def directional_preference(
    angle: Scalar, image_size: tuple[int, int], steepness: float, square: int = POOL
) -> Squares:
    """Return a preference among squares, in nats, that rises to one side of the image.

    Args:
        angle: Where it rises to, from the x axis towards the y axis.
        image_size: Height and width of the images, in pixels.
        steepness: In nats a half-width.
        square: Side of the squares, in pixels.
    """
    x, y = square_centres(image_size, square)
    return steepness * (jnp.cos(angle) * x[None, :] + jnp.sin(angle) * y[:, None])


def attend(ink: Squares, preference_logits: Float[Array, "*squares"]) -> Squares:
    """Return the attention to each square: shares, in proportion to ink exp(preference_logits).

    Args:
        ink: How much there is to explain in each square, above zero.
        preference_logits: The network's preference among squares, in nats; in rows, or all in one.
    """
    preference_logits = jnp.exp(preference_logits - jax.lax.stop_gradient(preference_logits.max()))
    attended = ink * preference_logits.reshape(ink.shape)
    return attended / attended.sum()


def expected_place(attended: Squares, image_size: tuple[int, int], square: int = POOL) -> Place:
    """Return the mean place (x, y) of shares of attention, in [-1, 1] across the image."""
    x, y = square_centres(image_size, square)
    return jnp.stack([attended.sum(axis=0) @ x, attended.sum(axis=1) @ y])


def attention_floor(config: AIRConfig) -> float:
    """Return the ink that a black square counts as, in units of the noise.

    The smaller the windows, the more squares there are, and the steeper the preference that a
    network learns, in proportion to 1 / object_size. An object on the side of the least preference
    must still outweigh all black squares on the other side; so the floor falls with the size.
    """
    if not config.attention_floor:
        return TINY
    excess = max(0.0, 1.0 / config.object_size - 1.0 / LARGE)
    return max(1e-6, FLOOR * math.exp(-STEEP * excess))
