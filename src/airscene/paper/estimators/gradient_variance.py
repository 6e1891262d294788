"""How much the gradient of each estimator varies, the model and the images being the same."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from airscene.model.air import AIR
from airscene.objective.baseline import Baseline, WithBaseline
from airscene.training.air import annealed_bound
from airscene.training.batches import batch_indices
from airscene.training.config import TrainConfig
from airscene.training.state import initial_state, make_run

Images = UInt8[np.ndarray, "n channel height width"]


def train_for(air: AIR, images: Images, config: TrainConfig, steps: int) -> AIR:
    """Return a model after the first updates of a run on images, 0 black to 255 white.

    The annealing is that of all steps of the configuration.
    """
    objective = annealed_bound(air, config, images)
    return _trained(air, images, config, objective, steps)


def gradient_variances(
    air: AIR, images: Images, config: TrainConfig, step: int, *, samples: int, pairs: int, fit: int
) -> dict[str, dict[str, float]]:
    """Measure every estimator at one model, on the first batch of the images.

    The objective is that of training at the step given, annealing included. Two independent
    gradients of the batch's mean, g and g', give an estimate of the total variance, the trace of
    the covariance, and one of the squared norm of its mean:

        E |g - g'|^2 / 2 = tr Cov g,    E g.g' = |E g|^2

    Args:
        air: The model, which stays as it is.
        images: The data set, 0 black to 255 white. The baseline is trained on all of it; the
            variance is that of the estimators alone, the images of the batch being the same.
        config: The rest of how a model is trained, whichever estimator it names.
        step: Step of the run that the objective is of.
        samples: K of the importance-weighted bound.
        pairs: Pairs of gradients.
        fit: Updates in which the baseline is trained, the model staying as it is.

    Returns:
        For each estimator, and for "score-baseline" both untrained and trained: `presence`, the
        variance in the weights that give the presence logits, and `posterior`, in all of q's; of
        both the standard error and the squared norm of the mean; and `seconds` of the processor
        that a gradient of the batch takes.
    """
    batch = jnp.asarray(images[: config.batch_size].astype(np.float32) / 255.0)
    measured = {}
    for name, estimator, trained in _contenders(air, images, config, step, samples, fit):
        objective = annealed_bound(air, estimator, images)
        measured[name] = _measure(trained, objective, batch, step, pairs)
    return measured


def held(pair: WithBaseline) -> WithBaseline:
    """Return a model and its baseline, of which only the baseline has a gradient."""
    arrays, rest = eqx.partition(pair.model, eqx.is_inexact_array)
    return WithBaseline(eqx.combine(jax.lax.stop_gradient(arrays), rest), pair.baseline)


def _contenders(
    air: AIR, images: Images, config: TrainConfig, step: int, samples: int, fit: int
) -> Iterator[tuple[str, TrainConfig, AIR | WithBaseline]]:
    """Name of each estimator, how it is trained with, and what."""
    of = {
        name: replace(config, estimator=name, samples=samples if name == "importance" else 0)
        for name in ("enumerated", "importance", "score", "score-baseline")
    }
    yield from ((name, of[name], air) for name in ("enumerated", "importance", "score"))
    baseline = eqx.filter_jit(Baseline)(air.config, key=jax.random.key(config.seed))
    pair = WithBaseline(air, baseline)
    yield "score-baseline, untrained", of["score-baseline"], pair
    objective = annealed_bound(air, of["score-baseline"], images)

    def fixed(pair, batch, key, _):
        return objective(held(pair), batch, key, jnp.int32(step))

    fitted = _trained(pair, images, replace(of["score-baseline"], steps=fit), fixed, fit)
    yield "score-baseline", of["score-baseline"], fitted


def _trained(model: Any, images: Images, config: TrainConfig, objective: Any, steps: int) -> Any:
    run = make_run(model, config, (jnp.asarray(images),), objective)
    indices = batch_indices(len(images), config.batch_size, config.seed, 0, steps)
    state, _ = run(initial_state(model, config), indices, steps)
    return eqx.combine(state.weights, eqx.filter(model, eqx.is_inexact_array, inverse=True))


def _groups(gradient: Any) -> dict[str, list[Array]]:
    where = gradient.where
    # The difference network has a head for each glimpse, and the last one's presence counts.
    head = where.head if hasattr(where, "head") else where.glimpses[-1].head
    return {
        "presence": [head.weight[0], head.bias[0]],
        "posterior": jax.tree.leaves((where, gradient.encoder)),
    }


def _measure(trained, objective, batch, step, pairs) -> dict[str, float]:
    arrays, rest = eqx.partition(trained, eqx.is_inexact_array)

    def gradient(arrays, key):
        def mean(arrays):
            return objective(eqx.combine(arrays, rest), (batch,), key, jnp.int32(step))

        slope = jax.grad(mean)(arrays)
        return _groups(slope.model if isinstance(slope, WithBaseline) else slope)

    def pair(arrays, key):
        one, other = (gradient(arrays, k) for k in jax.random.split(key))
        return {
            name: (
                sum(jnp.sum(jnp.square(a - b)) for a, b in zip(one[name], other[name], strict=True))
                / 2.0,
                sum(jnp.vdot(a, b) for a, b in zip(one[name], other[name], strict=True)),
            )
            for name in one
        }

    every = jax.jit(lambda arrays, keys: jax.lax.map(lambda key: pair(arrays, key), keys))
    keys = jax.random.split(jax.random.key(step), pairs)
    compiled = every.lower(arrays, keys).compile()
    # Of the processor, as other work on the machine does not count in it.
    began = time.process_time()
    found = jax.tree.map(lambda x: np.asarray(x, float), compiled(arrays, keys))
    measured = {"seconds": round((time.process_time() - began) / (2 * pairs), 5)}
    for name, (variance, product) in found.items():
        measured[name] = float(variance.mean())
        measured[f"{name}_error"] = float(variance.std() / pairs**0.5)
        measured[f"{name}_mean"] = float(product.mean())
    return measured
