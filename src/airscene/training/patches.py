"""Training a model of patches on crops: what is annealed, and the loop."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32

from airscene.model.patch.air import PatchAIR
from airscene.model.shapes import Scalar
from airscene.objective.patches import Annealing, Crop, unroll
from airscene.training.config import PatchTrainConfig
from airscene.training.loop import train
from airscene.training.state import Objective

# Fractions of a run. The price is this share of its own until the first one: an object must become
# worth something before it can be weighed. Windows are free in size between the next two.
CHEAP, UNTIL = 0.3, 0.05
FREE_FROM, FREE_AT = 0.25, 0.5


def train_patches(
    model: PatchAIR,
    crops: Float32[np.ndarray, "n channel side side"],
    config: PatchTrainConfig,
    **options: Any,
) -> PatchAIR:
    """Train a model of patches on crops of images less their ground.

    Args:
        model: The model before.
        crops: The crops; NaN beyond the edge of an image.
        config: How to train.
        options: What `airscene.training.loop.train_by` takes.
    """
    return train(model, (crops,), config, objective_of(config), **options)


def objective_of(config: PatchTrainConfig) -> Objective:
    """Return the mean objective of a batch of crops, annealed."""

    def objective(model: PatchAIR, batch: tuple[Array], key: Array, step: Array) -> Scalar:
        (crops,) = batch
        keys = jax.random.split(key, 3)
        crops = turned(crops, keys[2]) if config.turn else crops
        n, c = len(crops), model.config
        noise = jax.random.normal(keys[0], (n, c.n_steps, model.n_noise))
        side = 2.0 * jnp.pi * jax.random.uniform(keys[1], (n,))
        now = annealed(config, c.calibration.worth, step / config.steps)
        valid = ~jnp.isnan(crops[:, 0])
        parts = Crop(jnp.nan_to_num(crops), valid.astype(crops.dtype))
        of_one = partial(unroll, by_expectation=config.accept == "expectation")
        run = jax.vmap(of_one, in_axes=(None, 0, 0, 0, None))
        return run(model, parts, noise, side, now).mean()

    return objective


def annealed(config: PatchTrainConfig, worth: float, at: Scalar | float) -> Annealing:
    """Return the annealing at a fraction of a run.

    Args:
        config: How to train.
        worth: What a typical object is worth, in nats.
        at: The fraction.
    """
    start, end = config.force_release
    price = config.training_price * worth
    return Annealing(
        price=jnp.where(at < UNTIL, CHEAP * price, price),
        scale_price=config.scale_price * worth,
        freedom=jnp.clip((at - FREE_FROM) / (FREE_AT - FREE_FROM), 0.0, 1.0),
        force=config.force * jnp.clip((end - at) / (end - start), 0.0, 1.0),
    )


def turned(crops: Float32[Array, "n channel side side"], key: Array) -> Array:
    """Turn and mirror each crop at random: objects may lie in any way."""
    flips = jax.random.bernoulli(key, 0.5, (3, len(crops), 1, 1, 1))
    crops = jnp.where(flips[0], crops[..., ::-1], crops)
    crops = jnp.where(flips[1], crops[..., ::-1, :], crops)
    return jnp.where(flips[2], crops.swapaxes(2, 3), crops)
