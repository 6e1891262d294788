"""Training inverse graphics: a host loop of forward, render, update."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from airscene.graphics import Likelihood, RenderPool, SceneBatch
from airscene.inverse.config import Estimator, InverseTrainConfig
from airscene.inverse.model import Drawn, InverseAIR
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.objective.estimators import Scores
from airscene.inverse.objective.scores import annealed_likelihood, score
from airscene.inverse.objective.surrogate import Annealed, surrogate
from airscene.inverse.shapes import Numbers, Renders, Total
from airscene.inverse.unroll import Noise, as_inputs, draw_noise, unroll
from airscene.objective.baseline import Model, WithBaseline, apart, with_baseline
from airscene.training.config import LoopConfig
from airscene.training.loop import train_by
from airscene.training.state import Objective, TrainState, make_update

# Makes n true scenes from a seed.
Scenes = Callable[..., SceneBatch]

# Updates between checks for signals: about 1 s for a single object, a few for table-tops.
_AT_ONCE = 5


class Batch(NamedTuple):
    """What an update takes, one row a scene.

    Args:
        images: What was seen, values in [0, 1].
        canvases: The render before each step.
        drawn: What was drawn.
        scores: What the renderer said of it.
        annealed: The annealing at this step, the same for all.
    """

    images: Float[Numbers, "n height width 3"]
    canvases: Float[Numbers, "n slots height width seen"]
    drawn: Drawn
    scores: Scores
    annealed: Annealed


def likelihood_at(config: InverseTrainConfig, step: int) -> Likelihood:
    """The likelihood of a step: wide and vague at first, so that misplaced objects feel a pull.

    Not the model's: it is annealed to it over the first part of a run. The paper's blur is fixed.
    """
    return annealed_likelihood(config.blur, config.sigma, step / (config.anneal * config.steps))


def annealed_at(config: InverseTrainConfig, step: int) -> Annealed:
    """The annealing at a step; at the end of a run there is none."""
    left = max(0.0, 1.0 - step / (config.release * config.steps))
    whole = float(step >= config.prefix * config.steps)
    parts = (config.floor * left, config.cross_entropy * (left > 0.0), whole)
    return Annealed(*map(np.float32, parts))


def train_inverse(
    model: InverseAIR, scenes: Scenes, pool: RenderPool, config: InverseTrainConfig, **options: Any
) -> InverseAIR:
    """Train on renders of scenes, whose truth is not used; return the trained model.

    What is raised is the bound without the Gaussian's normaliser, and what is recorded as
    `objective` is it under the likelihood of the time: it is not to be compared while blur and
    noise are annealed. For the rest see `train_rendered`; the pool draws the true scenes, and what
    the networks take them for.
    """
    trained = model
    # The enumerated estimator leaves something to a baseline where a slot follows another.
    several = config.estimator == "enumerated" and model.config.n_slots > 1
    if several or config.estimator == "score-baseline":
        trained = with_baseline(model, Baseline, config.seed)
    key = jax.random.fold_in(jax.random.key(config.seed), 2)
    n, made_of = config.batch_size, model.config
    noise_of = jax.jit(lambda step: draw_noise(jax.random.fold_in(key, step), n, made_of))

    def draw(model: InverseAIR, truth: SceneBatch, targets: Any, step: int) -> Batch:
        return draw_batch(model, targets, noise_of(step), pool, config, step)

    objective = partial(mean_surrogate, estimator=config.estimator)
    return train_rendered(trained, scenes, pool, config, objective, draw, **options)


def train_rendered(
    model: Model | WithBaseline[Model, Any],
    scenes: Scenes,
    pool: RenderPool,
    config: LoopConfig,
    objective: Objective,
    draw: Callable[..., Any],
    **options: Any,
) -> Model:
    """Train on batches that are made by rendering.

    The scenes of a step follow from the seed and the step, as the noise does, so a resumed run
    makes the same updates as an uninterrupted one.

    Args:
        model: The model to start from.
        scenes: Makes true scenes: `scenes(n, seed=(seed, step))`, for instance a partial of
            `sample_scenes`.
        pool: Draws them.
        config: How to train.
        objective: What to raise, see `airscene.training.state.make_update`.
        draw: Makes what the objective takes, of the model without its baseline, the true scenes,
            their images and the step.
        options: What else `airscene.training.loop.train_by` takes.

    Returns:
        The trained model, without its baseline.

    Raises:
        RendererError: If the renderer fails.
        InputError: If the objective stops being a number, or nothing can be written.
        Interrupted: If SIGINT or SIGTERM came; the state is saved first.
    """
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    update = jax.jit(make_update(model, config, objective), donate_argnums=0)
    key = jax.random.key(config.seed)

    def advance(state: TrainState, step: int, n: int) -> tuple[TrainState, Array]:
        values = []
        for now in range(step, step + n):
            # Drawn while the update before may still be computed.
            truth = scenes(config.batch_size, seed=(config.seed, now))
            targets = pool.render(truth)
            bare, _ = apart(eqx.combine(state.weights, frame))
            state, value = update(state, draw(bare, truth, targets, now), key)
            values.append(value)
        return state, jnp.stack(values).mean()

    return train_by(advance, model, config, at_once=_AT_ONCE, **options)


def draw_batch(
    model: InverseAIR,
    targets: Renders,
    noise: Noise,
    pool: RenderPool,
    config: InverseTrainConfig,
    step: int,
) -> Batch:
    """Draw latents of images, as noise decides, and have the renderer score them."""
    images, left = as_inputs(targets, model.config), annealed_at(config, step)
    drawn, canvases, scenes, q_present = unroll(model, images, pool.render, noise)
    gradient = "drawn"
    if config.estimator == "enumerated":
        gradient = "whole" if left.whole else "prefix"
    likelihood = likelihood_at(config, step)
    args = (pool, scenes, drawn.kind, q_present, targets, likelihood, model.config, gradient)
    return Batch(images, canvases, drawn, score(*args), left)


def mean_surrogate(
    trained: InverseAIR | WithBaseline[InverseAIR, Baseline],
    batch: Batch,
    key: Array,
    step: Array,
    *,
    estimator: Estimator,
) -> Total:
    """The mean of `surrogate` over a batch; all that is random in it was drawn before."""
    model, baseline = apart(trained)

    def one(image, canvases, drawn, scores):
        return surrogate(model, image, canvases, drawn, scores, estimator, batch.annealed, baseline)

    return jax.vmap(one)(batch.images, batch.canvases, batch.drawn, batch.scores).mean()
