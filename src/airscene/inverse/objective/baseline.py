"""Neural baselines: what each step can expect of the signal that its score function has."""

from functools import partial

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from airscene.inverse.config import InverseConfig
from airscene.inverse.model import Drawn, Replay, latents
from airscene.inverse.shapes import Canvases, Picture, Slots
from airscene.objective.baseline import foretell, network_a_step, pooled

# The image and the canvas are averaged over squares of this side.
POOL = 4


class Baseline(eqx.Module):
    """b_i(x, y_i-1, z_1..i-1), a network a step; see `airscene.objective.baseline`."""

    networks: eqx.nn.MLP
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        self.config = config
        rows, columns = (-(-side // POOL) for side in config.image_shape[1:])
        seen = 6 if config.network == "difference" else 3
        n_in = seen * rows * columns + config.n_slots * (4 + config.n_types) + config.n_cameras
        self.networks = network_a_step(n_in, config.n_slots, key)

    def __call__(self, image: Picture, canvases: Canvases, drawn: Drawn, replay: Replay) -> Slots:
        """Return the baseline of each step, in nats; no gradient reaches the model."""
        replay = jax.lax.stop_gradient(replay)
        told = partial(latents, config=self.config)
        slots = jax.vmap(told)(drawn.present, drawn.kind, replay.z_where)
        seen, left = pooled(image, POOL, -3), pooled(canvases, POOL, -3)
        return foretell(self.networks, seen, left, slots, replay.z_camera)
