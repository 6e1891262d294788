"""The training state and the update that changes it."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int32, PyTree, UInt8

from airscene.model.air import AIR
from airscene.objective.enumerated import enumerated
from airscene.objective.importance import importance_weighted
from airscene.training.config import TrainConfig


class TrainState(NamedTuple):
    """All that changes during training; the batches and the noise follow from the step.

    Args:
        weights: The model's arrays.
        optimiser: State of the optimiser.
        step: Updates made so far.
    """

    weights: PyTree[Array]
    optimiser: PyTree[Array]
    step: Int32[Array, ""]


def _optimiser(config: TrainConfig) -> optax.GradientTransformation:
    rate = optax.warmup_cosine_decay_schedule(
        0.0, config.learning_rate, min(config.warmup, config.steps // 2), config.steps
    )
    return optax.chain(optax.clip_by_global_norm(config.clip_norm), optax.adam(rate))


def initial_state(model: AIR, config: TrainConfig) -> TrainState:
    """Return the state before the first update of a model."""
    # Copies, as an update gives up the memory of the state, and the model is the caller's.
    weights = jax.tree.map(jnp.copy, eqx.filter(model, eqx.is_inexact_array))
    return TrainState(weights, _optimiser(config).init(weights), jnp.int32(0))


def mean_energy(images: UInt8[Array, "n *shape"], sigma: float) -> float:
    """Mean of sum x^2 / (2 sigma^2) over the images that are not empty, in nats.

    What explaining an image perfectly gains over leaving it unexplained: the scale that tells
    whether the price of an object is high or low, whatever the size of image and objects.
    """
    # In NumPy, as compiling a dozen small operations would take a second.
    squares = np.square(np.asarray(images, np.float32) / 255.0).reshape(len(images), -1).sum(axis=1)
    return float(squares.sum() / max((squares > 0.0).sum(), 1)) / (2.0 * sigma**2)


Run = Callable[..., tuple[TrainState, Float[Array, ""]]]


def make_run(
    model: AIR, config: TrainConfig, images: UInt8[Array, "n channel height width"]
) -> Run:
    """Compile many updates into one call.

    The annealing of the first part of a run changes the objective, not the model: an object costs
    more than the prior says, and the prefix term of `expectation` is added. Both fall to zero, and
    the last part of a run is ascent on the bound.

    Args:
        model: The model; its arrays are not used.
        config: How to train.
        images: The data set, 0 black to 255 white.

    Returns:
        A function of the state (given up: its memory is used again), the batches' indices and the
        number of them to use, which returns the new state and the mean bound of the batches.
    """
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    optimiser = _optimiser(config)
    log_prior = model.log_prior()
    counts = jnp.arange(len(log_prior))
    price = config.price * mean_energy(images[:2000], model.config.sigma)
    key = jax.random.key(config.seed)
    noise_shape = (config.batch_size, model.config.n_steps, model.n_noise)
    objective = enumerated
    if config.samples:
        objective = importance_weighted
        noise_shape = (noise_shape[0], config.samples, *noise_shape[1:])

    def left(release, step):
        start, end = (fraction * config.steps for fraction in release)
        return jnp.clip((end - step) / (end - start), 0.0, 1.0)

    def loss(weights, batch, noise, step):
        one = eqx.combine(weights, frame)
        extra = price * left(config.price_release, step)
        prior = jax.nn.log_softmax(log_prior - extra * counts)
        prefix = config.prefix * left(config.prefix_release, step)
        bounds = jax.vmap(objective, in_axes=(None, 0, 0, None, None))(
            one, batch, noise, prior, prefix
        )
        return -bounds.mean()

    def update(images, indices, i, carry):
        state, total = carry
        batch = images[indices[i]].astype(jnp.float32) / 255.0
        noise = jax.random.normal(jax.random.fold_in(key, state.step), noise_shape)
        value, gradient = jax.value_and_grad(loss)(state.weights, batch, noise, state.step)
        change, optimiser_state = optimiser.update(gradient, state.optimiser)
        weights = optax.apply_updates(state.weights, change)
        return TrainState(weights, optimiser_state, state.step + 1), total - value

    @partial(jax.jit, donate_argnums=0)
    def run(state, images, indices, n):
        # A loop whose length is not compiled in: the last dispatch of a run may be shorter.
        one = partial(update, images, indices)
        state, total = jax.lax.fori_loop(0, n, one, (state, jnp.float32(0.0)))
        return state, total / n

    return lambda state, indices, n: run(state, images, indices, n)
