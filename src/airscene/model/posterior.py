"""What both inference networks share: what one step proposes, and attention over ink."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.pose import Pose

# At first, an object should have to prove its worth: were all N there from the start, they would
# share every digit among them, and nothing would tell the second that the first is enough.
UNLIKELY = -3.0

# Where the first steps look: the starting spread of each window, as a softplus argument (0.3).
SPREAD = -1.0

# The mean scale stays this near to the prior's, and the mean place to the centre of attention, in
# standard deviations of the prior: a window that has left everything has no gradient to return.
SCALE_REACH, PLACE_REACH = 3.0, 1.0

# Ink that is none, in units of the noise: where nothing is left, attention still has a centre.
FAINT = 0.01

# For objects smaller than this share of the image it falls, by so many nats as 1 / size grows.
LARGE, STEEP = 0.3, 2.5

# The image is averaged over squares of this side before a network sees all of it: it need not see
# fine detail to say where things are; the window sees the image itself.
POOL = 2


class Proposal(NamedTuple):
    """The posterior of one step.

    Args:
        logit: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        where_mean: Mean of q(z_where).
        where_scale: Standard deviation of q(z_where).
    """

    logit: Float[Array, ""]
    where_mean: Float[Array, " 3"]
    where_scale: Float[Array, " 3"]


def propose(
    outputs: Float[Array, " 7"],
    centre: Float[Array, " 2"],
    pose: Pose,
    place_reach: float = PLACE_REACH,
) -> Proposal:
    """Read a network's last layer as a proposal near the centre of its attention.

    Args:
        outputs: The logit of presence, the mean and the spread of z_where.
        centre: Where the network attends to, (x, y) in [-1, 1] across the image.
        pose: The map from `z_where` to scale and centre.
        place_reach: How far from it the mean place can be, in standard deviations of the prior.

    Returns:
        The proposal.
    """
    reach = jnp.array([SCALE_REACH, place_reach, place_reach])
    mean = reach * jnp.tanh(outputs[1:4] / reach)
    mean = mean.at[1:].add(centre / pose.position_spread)
    return Proposal(outputs[0], mean, jax.nn.softplus(outputs[4:]))


def init_head(layer: eqx.nn.Linear) -> eqx.nn.Linear:
    """Return a network's last layer, see `propose`, made to doubt at first that anything is there.

    Args:
        layer: The layer, with a layer's usual weights.

    Returns:
        The layer with smaller weights and the biases of an unlikely object.
    """
    bias = jnp.array([UNLIKELY, 0.0, 0.0, 0.0, SPREAD, SPREAD, SPREAD])
    return eqx.tree_at(lambda m: (m.weight, m.bias), layer, (0.3 * layer.weight, bias))


def places(image_size: tuple[int, int]) -> tuple[Float[Array, " columns"], Float[Array, " rows"]]:
    """Return x and y of the centres of the squares, in [-1, 1] across the image."""
    height, width = image_size
    x, y = (
        (jnp.arange(-(-side // POOL)) + 0.5) * (2.0 * POOL / side) - 1.0 for side in (width, height)
    )
    return x, y


def pool(
    image: Float[Array, "channel height width"],
) -> Float[Array, "channel rows columns"]:
    """Average an image over squares, with black beyond its edges."""
    height, width = image.shape[1:]
    padded = jnp.pad(image, ((0, 0), (0, -height % POOL), (0, -width % POOL)))
    squares = [padded[:, i::POOL, j::POOL] for i in range(POOL) for j in range(POOL)]
    return sum(squares) / POOL**2


def slope(
    angle: Float[Array, ""], image_size: tuple[int, int], steepness: float
) -> Float[Array, "rows columns"]:
    """Return a preference among squares that rises to one side of the image.

    Args:
        angle: Where it rises to, from the x axis towards the y axis.
        image_size: Height and width of the images, in pixels.
        steepness: In nats a half-width.

    Returns:
        The preference, in nats.
    """
    x, y = places(image_size)
    return steepness * (jnp.cos(angle) * x[None, :] + jnp.sin(angle) * y[:, None])


def attend(
    ink: Float[Array, "rows columns"], preference_logits: Float[Array, "*squares"]
) -> Float[Array, "rows columns"]:
    """Share attention out among the squares, in proportion to ink exp(preference_logits).

    Args:
        ink: How much there is to explain in each square, above zero.
        preference_logits: The network's preference among squares, in nats; in rows, or all in one.

    Returns:
        The shares; their sum is 1.
    """
    preference_logits = jnp.exp(preference_logits - jax.lax.stop_gradient(preference_logits.max()))
    attended = ink * preference_logits.reshape(ink.shape)
    return attended / attended.sum()


def middle(
    attended: Float[Array, "rows columns"],
    image_size: tuple[int, int],
) -> Float[Array, " 2"]:
    """Return the mean place (x, y) of shares of attention, in [-1, 1] across the image."""
    x, y = places(image_size)
    return jnp.stack([attended.sum(axis=0) @ x, attended.sum(axis=1) @ y])


def attention_floor(object_size: float) -> float:
    """How much ink attention takes a black square for.

    The smaller the windows, the more squares there are to choose among, and the steeper the
    preference among them that a network learns, in proportion to 1 / object_size. A thing on the
    side that it likes least must still outweigh all black squares on the other.
    """
    return max(1e-6, FAINT * math.exp(-STEEP * max(0.0, 1.0 / object_size - 1.0 / LARGE)))
