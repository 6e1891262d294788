"""How much the gradient of each 3-D estimator varies, the model and the images being the same."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from airscene.graphics import RenderPool
from airscene.inverse.config import Estimator, InverseConfig, InverseTrainConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.networks.networks import DifferenceNetwork
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.objective.estimators import of_drawn
from airscene.inverse.objective.scores import score
from airscene.inverse.objective.surrogate import Annealed, surrogate
from airscene.inverse.train import Batch, Scenes, draw_batch, likelihood_at, mean_surrogate
from airscene.inverse.unroll import as_inputs, draw_noise, unroll
from airscene.objective.baseline import WithBaseline
from airscene.paper.estimators.gradient_variance import held
from airscene.training.state import initial_state, make_update

# Seeds of two numbers are those of training.
MEASURED_SEED = (0, 0, 3)

# Share of the draws that are of any alternative alike: see `scene_gradient_variances`.
MIXED = 0.4


class _Mixed(eqx.Module):
    """A network whose discrete latents are drawn from q mixed with the uniform distribution."""

    network: DifferenceNetwork

    def __call__(self, *args):
        proposal, hidden = self.network(*args)
        return proposal._replace(log_q=_mixed(proposal.log_q)), hidden


def _mixed(log_q: Float[Array, "*slots alternatives"]) -> Float[Array, "*slots alternatives"]:
    return jnp.logaddexp(jnp.log1p(-MIXED) + log_q, math.log(MIXED / log_q.shape[-1]))


def train_for(
    model: InverseAIR, scenes: Scenes, pool: RenderPool, config: InverseTrainConfig, steps: int
) -> InverseAIR:
    """Return a model after the first updates of a run, of those with the later slots absent.

    Args:
        model: The model to start from.
        scenes: Makes true scenes: `scenes(n, seed=(seed, step))`.
        pool: Draws scenes.
        config: How to train; its annealing is that of all its steps.
        steps: Number of updates.
    """
    objective = partial(mean_surrogate, estimator=config.estimator)
    return _updated(model, scenes, pool, config, config, objective, range(steps))


def scene_gradient_variances(
    model: InverseAIR,
    scenes: Scenes,
    pool: RenderPool,
    config: InverseTrainConfig,
    step: int,
    *,
    images: int,
    pairs: int,
    fit: int,
) -> dict[str, dict[str, float]]:
    """Measure every estimator of the bound's gradient at one model, on the same images and draws.

    The bound is that under the likelihood of the step, nothing else annealed. The gradient is that
    in the weights of the network's tower for presence and type, which no other term of the bound
    reaches. Of each image two independent gradients of one sample, g and g', give

        E w w' |g - g'|^2 / 2 = tr Cov g,    E w w' g.g' = |E g|^2

    and the same of d, an estimator's difference from "enumerated" on the same draws, E w w' d.d',
    which is 0 where both have one mean. All are means over the images. The discrete latents are
    drawn from r, that is q mixed with the uniform distribution, and weighted by w = q / r: a sure
    model's gradient by the score function has most of its variance in draws so rare that it would
    seem to have none.

    Args:
        model: The model, with a difference network; it stays as it is.
        scenes: Makes true scenes of their number and a seed.
        pool: Draws scenes.
        config: How it was trained.
        step: Step of the run that the likelihood is of.
        images: Number of images.
        pairs: Pairs of gradients of each image.
        fit: Updates in which each baseline is trained, the model staying as it is.

    Returns:
        For each estimator `variance`, the total variance of one sample of one image, and
        `squared_mean`; `difference`, that of the means, squared; of each the standard error; and
        `renders`, those scored for a sample of an image, of which `discrete_renders` without the
        forward differences of the poses.
    """
    contenders = _contenders(model, scenes, pool, config, step, fit)
    moments = _moments(model, contenders)
    targets = np.tile(pool.render(scenes(images, seed=MEASURED_SEED)), (2, 1, 1, 1))
    inputs, likelihood = as_inputs(targets, model.config), likelihood_at(config, step)
    zeros = jnp.zeros(len(targets))
    nothing = Annealed(zeros, zeros, jnp.ones(len(targets)))
    assert isinstance(model.network, DifferenceNetwork)
    mixed = eqx.tree_at(lambda m: m.network, model, _Mixed(model.network))
    found = []
    for key in jax.random.split(jax.random.key(step), pairs):
        noise = draw_noise(key, len(targets), model.config)
        drawn, canvases, inferred, q_present = unroll(mixed, inputs, pool.render, noise)
        args = (q_present, targets, likelihood, model.config, "whole")
        scores = score(pool, inferred, np.asarray(drawn.kind), *args)
        batch = Batch(jnp.asarray(inputs), jnp.asarray(canvases), drawn, scores, nothing)
        found.append(jax.tree.map(float, moments(batch)))
    count, weight = (np.mean([one[1][key] for one in found]) for key in ("count", "weight"))
    measured = {}
    for name, (estimator, _) in contenders.items():
        row = _renders(estimator, model.config, float(count / weight))
        for key in ("variance", "squared_mean", "difference"):
            values = np.array([one[0][name][key] for one in found])
            row[key], row[f"{key}_error"] = float(values.mean()), float(values.std() / pairs**0.5)
        measured[name] = row
    return measured


def _renders(estimator: Estimator, config: InverseConfig, present: float) -> dict[str, float]:
    """What `score` draws for a sample of an image that has `present` objects on average."""
    slots, enumerates = config.n_slots, estimator == "enumerated"
    tables = slots * (1 + config.n_types) if enumerates else 1
    moved = slots if enumerates else present
    return {"discrete_renders": float(tables), "renders": round(tables + 3.0 * moved, 3)}


def _contenders(
    model: InverseAIR,
    scenes: Scenes,
    pool: RenderPool,
    config: InverseTrainConfig,
    step: int,
    fit: int,
) -> dict[str, tuple[Estimator, Baseline | None]]:
    """Estimators by name, each with its baseline, trained on the model as it is."""

    def fitted(estimator: Estimator) -> Baseline:
        baseline = eqx.filter_jit(Baseline)(model.config, key=jax.random.key(config.seed))

        def objective(pair, *args):
            return mean_surrogate(held(pair), *args, estimator=estimator)

        of = replace(config, estimator=estimator)
        rates = replace(of, steps=fit)
        pair = WithBaseline(model, baseline)
        return _updated(pair, scenes, pool, of, rates, objective, [step] * fit).baseline

    found: dict[str, tuple[Estimator, Baseline | None]] = {"enumerated": ("enumerated", None)}
    if model.config.n_slots > 1:
        # One slot leaves its baseline nothing to foretell.
        found["enumerated, baseline"] = ("enumerated", fitted("enumerated"))
    return {
        **found,
        "score": ("score", None),
        "score, baseline": ("score-baseline", fitted("score-baseline")),
    }


def _moments(
    model: InverseAIR, contenders: dict[str, tuple[Estimator, Baseline | None]]
) -> Callable[[Batch], tuple[dict[str, dict[str, Array]], dict[str, Array]]]:
    """A function of two draws of each of several images to the moments of each estimator.

    And to the mean of w times the number of present objects, and that of w.
    """

    def gradient(one: Batch, estimator: Estimator, baseline: Baseline | None) -> Array:
        arrays, rest = eqx.partition(model.network.what, eqx.is_inexact_array)

        def value(arrays):
            now = eqx.tree_at(lambda m: m.network.what, model, eqx.combine(arrays, rest))
            return surrogate(now, *one[:-1], estimator, one.annealed, baseline)

        return jax.flatten_util.ravel_pytree(jax.grad(value)(arrays))[0]

    @jax.vmap
    def weight(one: Batch) -> Array:
        log_q = model.replay(one.images, one.canvases, one.drawn).log_q
        log_w = of_drawn(log_q - _mixed(log_q), one.drawn.alternatives)
        return jnp.exp(log_w.sum())

    def of_image(two: Batch) -> tuple[dict[str, dict[str, Array]], dict[str, Array]]:
        first, second = (jax.tree.map(itemgetter(i), two) for i in range(2))
        slopes = {
            name: (gradient(first, *which), gradient(second, *which))
            for name, which in contenders.items()
        }
        a, b = slopes["enumerated"]
        w = weight(two)
        both = jnp.prod(w)
        of_estimators = {
            name: {
                "variance": both * jnp.sum(jnp.square(g - h)) / 2.0,
                "squared_mean": both * jnp.vdot(g, h),
                "difference": both * jnp.vdot(g - a, h - b),
            }
            for name, (g, h) in slopes.items()
        }
        there = two.drawn.present.sum(axis=1)
        return of_estimators, {"count": jnp.mean(w * there), "weight": w.mean()}

    @jax.jit
    def moments(batch: Batch) -> tuple[dict[str, dict[str, Array]], dict[str, Array]]:
        pairs = jax.tree.map(lambda x: jnp.stack(jnp.split(x, 2), axis=1), batch)
        # One image after the other: gradients of the weights by image are slow in a batch.
        return jax.tree.map(lambda x: x.mean(axis=0), jax.lax.map(of_image, pairs))

    return moments


def _updated(
    trained: Any,
    scenes: Scenes,
    pool: RenderPool,
    config: InverseTrainConfig,
    rates: InverseTrainConfig,
    objective: Callable[..., Array],
    steps: Sequence[int],
) -> Any:
    """Updates as `airscene.inverse.train.train_inverse` makes them, each of a given step.

    Of a model, with a baseline or without. `config` decides the likelihood and what is drawn,
    `rates` the learning rates.
    """
    frame = eqx.filter(trained, eqx.is_inexact_array, inverse=True)
    update = jax.jit(make_update(trained, rates, objective), donate_argnums=0)
    state, n = initial_state(trained, rates), config.batch_size
    key, noise_key = jax.random.key(rates.seed), jax.random.fold_in(jax.random.key(config.seed), 2)
    for i, step in enumerate(steps):
        now = eqx.combine(state.weights, frame)
        model: Any = now.model if isinstance(now, WithBaseline) else now
        targets = pool.render(scenes(n, seed=(config.seed, i)))
        noise = draw_noise(jax.random.fold_in(noise_key, i), n, model.config)
        batch = draw_batch(model, targets, noise, pool, config, step)
        state, _ = update(state, batch, key)
    return eqx.combine(state.weights, frame)
