"""What one step of the inference network proposes, and how its last layer is read."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.inverse.config import InverseConfig
from airscene.inverse.shapes import Alternatives

# How far from 0 the mean of x and y can be, in half-widths of the table: a little beyond what the
# scenes have, so that every pose changes the image. The mean rotation has no bounds: under a wide
# blur next to nothing but its prior holds it, and at a bound it would stay.
POSITION_REACH = 1.2

# The largest spreads: a rotation that is drawn from all round has a gradient of mean 0.
POSITION_CAP, ROTATION_CAP, CAMERA_CAP = 0.3, 0.3, 0.2

# The logit of the share of its cap that a spread has at first.
NARROW = -1.0


class Proposal(NamedTuple):
    """The posterior of one step.

    Args:
        log_q: Log-probability of the alternatives: absent, then each type.
        mean: Mean of q(z_where).
        scale: Standard deviation of q(z_where).
    """

    log_q: Alternatives
    mean: Float[Array, " 3"]
    scale: Float[Array, " 3"]


def gaussian(
    outputs: Float[Array, "2 numbers"],
    reach: Float[Array, " numbers"],
    cap: Float[Array, " numbers"],
) -> tuple[Float[Array, " numbers"], Float[Array, " numbers"]]:
    """Mean reach tanh(m), or m where that is infinite, and standard deviation cap sigmoid(s)."""
    free = jnp.isinf(reach)
    mean = jnp.where(free, outputs[0], jnp.where(free, 1.0, reach) * jnp.tanh(outputs[0]))
    return mean, cap * jax.nn.sigmoid(outputs[1] + NARROW)


def propose(
    where: Float[Array, " 4"],
    what: Alternatives,
    rotation: Float[Array, " 2"],
    config: InverseConfig,
) -> Proposal:
    """Read the last layers of the three towers.

    Args:
        where: Means of x and y, then their spreads.
        what: Logit of presence, then logits of the types.
        rotation: Mean and spread of the rotation: an angle as it is, not a point of the circle.
        config: The spreads of the prior.
    """
    there = jax.nn.log_sigmoid(what[0]) + jax.nn.log_softmax(what[1:])
    log_q = jnp.concatenate([jax.nn.log_sigmoid(-what[:1]), there])
    spread = jnp.array([config.position_spread] * 2 + [config.rotation_spread])
    reach = jnp.array([POSITION_REACH, POSITION_REACH, jnp.inf])
    cap = jnp.array([POSITION_CAP, POSITION_CAP, ROTATION_CAP])
    outputs = jnp.concatenate([where.reshape(2, 2), rotation[:, None]], axis=1)
    return Proposal(log_q, *gaussian(outputs, reach / spread, cap / spread))
