"""What one step of the inference network proposes, and how its last layer is read."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.inverse.config import InverseConfig

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

    log_q: Float[Array, " alternatives"]
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
    body: Float[Array, " outputs"], rotation: Float[Array, " 2"], config: InverseConfig
) -> Proposal:
    """Read the last layers of the two towers.

    Args:
        body: Logit of presence, logits of the types, then means and spreads of x and y.
        rotation: Mean and spread of the rotation: an angle as it is, not a point of the circle.
        config: The spreads of the prior.
    """
    k = config.n_types
    what = jax.nn.log_softmax(body[1 : 1 + k])
    absent = jax.nn.log_sigmoid(-body[:1])
    log_q = jnp.concatenate([absent, jax.nn.log_sigmoid(body[0]) + what])
    spread = jnp.array([config.position_spread] * 2 + [config.rotation_spread])
    reach = jnp.array([POSITION_REACH, POSITION_REACH, jnp.inf])
    cap = jnp.array([POSITION_CAP, POSITION_CAP, ROTATION_CAP])
    outputs = jnp.concatenate([body[1 + k :].reshape(2, 2), rotation[:, None]], axis=1)
    return Proposal(log_q, *gaussian(outputs, reach / spread, cap / spread))


def tower(n_in: int, n_out: int, n_hidden: int, *, key: PRNGKeyArray) -> eqx.nn.MLP:
    """Return a network of two hidden layers, whose outputs are near 0 at first."""
    mlp = eqx.nn.MLP(n_in, n_out, n_hidden, 2, key=key)
    last = mlp.layers[-1]
    small = (0.1 * last.weight, jnp.zeros(n_out))
    return eqx.tree_at(lambda m: (m.layers[-1].weight, m.layers[-1].bias), mlp, small)


def kl_from_prior(mean: Float[Array, " n"], scale: Float[Array, " n"]) -> Float[Array, ""]:
    """KL(N(mean, scale^2) | N(0, I)), in nats."""
    return dist.kl_divergence(dist.Normal(mean, scale), dist.Normal(0.0, 1.0)).sum()
