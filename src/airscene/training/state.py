"""The training state and the update that changes it."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int32, PRNGKeyArray, PyTree

from airscene.compiled import quick_to_compile
from airscene.model.shapes import Scalar
from airscene.objective.baseline import FASTER, WithBaseline
from airscene.training.config import LoopConfig


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


def _optimiser(model: eqx.Module, config: LoopConfig) -> optax.GradientTransformation:
    def adam(highest: float) -> optax.GradientTransformation:
        warmup = min(config.warmup, config.steps // 2)
        rate = optax.warmup_cosine_decay_schedule(0.0, highest, warmup, config.steps)
        if config.schedule == "constant":
            rate = optax.warmup_constant_schedule(0.0 if warmup else highest, highest, warmup)
        if not config.clip_norm:
            return optax.adam(rate)
        return optax.chain(optax.clip_by_global_norm(config.clip_norm), optax.adam(rate))

    if not isinstance(model, WithBaseline):
        return adam(config.learning_rate)
    # Apart, so that the gradient of the one is not clipped for the other's.
    parts: dict[Hashable, optax.GradientTransformation] = {
        "model": adam(config.learning_rate),
        "baseline": adam(FASTER * config.learning_rate),
    }
    return optax.partition(
        parts, lambda weights: jax.tree.map_with_path(lambda path, _: path[0].name, weights)
    )


def initial_state(model: eqx.Module, config: LoopConfig) -> TrainState:
    """Return the state before the first update of a model."""
    # Copies, as an update gives up the memory of the state, and the model is the caller's.
    weights = jax.tree.map(jnp.copy, eqx.filter(model, eqx.is_inexact_array))
    return TrainState(weights, _optimiser(model, config).init(weights), jnp.int32(0))


# The mean over a batch of what is to be raised: of the model, the batch, a key and the step.
Objective = Callable[..., Scalar]
Run = Callable[..., tuple[TrainState, Scalar]]
Update = Callable[[TrainState, tuple, PRNGKeyArray], tuple[TrainState, Scalar]]


def make_update(model: eqx.Module, config: LoopConfig, objective: Objective) -> Update:
    """Return one update, not compiled yet.

    It is a function of the state, a batch and the run's key, `jax.random.key(config.seed)`, which
    returns the new state and the objective before. The key is an argument, and the model's weights
    are not used, so that runs that differ in the seed share a compiled program.
    """
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    optimiser = _optimiser(model, config)

    def loss(weights, batch, step, key):
        one = eqx.combine(weights, frame)
        return -objective(one, batch, jax.random.fold_in(key, step), step)

    def update(state, batch, key):
        value, gradient = jax.value_and_grad(loss)(state.weights, batch, state.step, key)
        change, optimiser_state = optimiser.update(gradient, state.optimiser)
        weights = optax.apply_updates(state.weights, change)
        return TrainState(weights, optimiser_state, state.step + 1), -value

    return update


def make_run(
    model: eqx.Module, config: LoopConfig, data: tuple[Array, ...], objective: Objective
) -> Run:
    """Compile many updates into one call.

    It is a function of the state (given up: its memory is used again), the batches' indices and the
    number of them to use, which returns the new state and the mean objective of the batches. Data
    are as for `airscene.training.loop.train`; the model's weights are not used.
    """
    update = make_update(model, config, objective)

    @partial(jax.jit, donate_argnums=0, compiler_options=quick_to_compile())
    def run(state, data, indices, n, key):
        def one(i, carry):
            state, total = carry
            batch = (array[indices[i]] for array in data)
            batch = (x.astype(jnp.float32) / 255.0 if x.dtype == jnp.uint8 else x for x in batch)
            state, value = update(state, tuple(batch), key)
            return state, total + value

        # A loop whose length is not compiled in: the last dispatch of a run may be shorter.
        state, total = jax.lax.fori_loop(0, n, one, (state, jnp.float32(0.0)))
        return state, total / n

    key = jax.random.key(config.seed)
    return lambda state, indices, n: run(state, data, indices, n, key)
