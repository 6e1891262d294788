"""Neural baselines: what each step can expect of the signal that its score function has."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.inverse.config import InverseConfig
from airscene.inverse.model import Drawn, Replay, latents

# Nats that an output of one stands for.
UNIT = 100.0

# The image and what is left of it are averaged over squares of this side.
POOL = 4

# Units of the hidden layers.
N_HIDDEN = 64


class Baseline(eqx.Module):
    """b_i(x, y_i-1, z_1..i-1), a network a step, times UNIT.

    It depends on nothing drawn at step i or later, so the estimator stays without bias whatever it
    says (paper, section 2.2, which leaves the networks open).

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    networks: eqx.nn.MLP
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        self.config = config
        rows, columns = (-(-side // POOL) for side in config.image_shape[1:])
        seen = 6 if config.network == "difference" else 3
        n_in = seen * rows * columns + config.n_slots * (4 + config.n_types) + config.n_cameras
        self.networks = eqx.filter_vmap(
            lambda key: eqx.nn.MLP(n_in, "scalar", N_HIDDEN, 2, key=key)
        )(jax.random.split(key, config.n_slots))

    def __call__(
        self,
        image: Float[Array, "height width 3"],
        canvases: Float[Array, "slots height width seen"],
        drawn: Drawn,
        replay: Replay,
    ) -> Float[Array, " slots"]:
        """Return the baseline of each step, in nats; no gradient reaches the model."""
        replay = jax.lax.stop_gradient(replay)
        n = self.config.n_slots
        one = lambda p, k, z: latents(p, k, z, self.config)  # noqa: E731
        slots = jax.vmap(one)(drawn.present, drawn.kind, replay.z_where)
        # Row i: the latents of the steps before i, and zeros.
        before = (jnp.tri(n, k=-1)[:, :, None] * slots).reshape(n, -1)
        seen = jnp.broadcast_to(_pooled(image).ravel(), (n, _pooled(image).size))
        left = jax.vmap(_pooled)(canvases).reshape(n, -1)
        camera = jnp.broadcast_to(replay.z_camera, (n, len(replay.z_camera)))
        inputs = jnp.concatenate([seen, left, before, camera], axis=1)
        return UNIT * eqx.filter_vmap(lambda network, x: network(x))(self.networks, inputs)


def _pooled(image: Float[Array, "height width channel"]) -> Float[Array, "rows columns channel"]:
    """Average over squares, with black beyond the edges."""
    height, width, channels = image.shape
    padded = jnp.pad(image, ((0, -height % POOL), (0, -width % POOL), (0, 0)))
    rows, columns = (side // POOL for side in padded.shape[:2])
    return padded.reshape(rows, POOL, columns, POOL, channels).mean(axis=(1, 3))
