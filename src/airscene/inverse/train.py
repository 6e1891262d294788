"""Training inverse graphics: a host loop of forward, render, update."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from airscene.graphics import Likelihood, RenderPool, SceneBatch
from airscene.inverse.config import Estimator, InverseTrainConfig
from airscene.inverse.model import Drawn, InverseAIR
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.objective.estimators import Scores
from airscene.inverse.objective.scores import annealed_likelihood, score
from airscene.inverse.objective.surrogate import Annealed, surrogate
from airscene.inverse.unroll import Noise, as_inputs, draw_noise, unroll
from airscene.objective.baseline import WithBaseline
from airscene.training.config import LoopConfig
from airscene.training.loop import Evaluate, train_by
from airscene.training.state import TrainState, make_update

# True scenes: of their number and a seed.
Scenes = Callable[..., SceneBatch]


# Updates between looks at signals: about a second of the single object's, few of the table-top's.
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

    images: Float[Array, "n height width 3"]
    canvases: Float[Array, "n slots height width seen"]
    drawn: Drawn
    scores: Scores
    annealed: Annealed


def likelihood_at(config: InverseTrainConfig, step: int) -> Likelihood:
    """The likelihood of a step: wide and vague at first, so that misplaced objects feel a pull.

    Not the model's: it is annealed to it over the first part of a run. The paper's blur is fixed.
    """
    return annealed_likelihood(config.blur, config.sigma, step / (config.anneal * config.steps))


def annealed_at(config: InverseTrainConfig, step: int) -> Annealed:
    """What is not ascent on the bound at a step; nothing is at the end of a run."""
    left = max(0.0, 1.0 - step / (config.release * config.steps))
    whole = float(step >= config.prefix * config.steps)
    return Annealed(*np.float32((config.floor * left, config.cross_entropy * (left > 0.0), whole)))


def train_inverse(
    model: InverseAIR,
    scenes: Scenes,
    pool: RenderPool,
    config: InverseTrainConfig,
    *,
    evaluate: Evaluate,
    **options: Any,
) -> InverseAIR:
    """Train on renders of scenes, whose truth is not used.

    The scenes of a step follow from the seed and the step, as the noise does, so a resumed run
    makes the same updates as an uninterrupted one. What is raised is the bound without the
    Gaussian's normaliser, and what is recorded as `objective` is it under the likelihood of the
    time: it is not to be compared while blur and noise are annealed.

    Args:
        model: The model to start from.
        scenes: Makes true scenes: `scenes(n, seed=(seed, step))`, for instance a partial of
            `sample_scenes`.
        pool: Draws scenes: the true ones, and what the networks take them for.
        config: How to train.
        evaluate: Called with the model and the step every `evaluate_every` steps.
        options: What else `airscene.training.loop.train_by` takes: the folder, and how the run is
            resumed and shown.

    Returns:
        The trained model.

    Raises:
        RendererError: If the renderer fails.
        InputError: If the objective stops being a number, or nothing can be written.
        Interrupted: If SIGINT or SIGTERM came; the state is saved first.
    """
    # Other keys than the model's own weights.
    key = jax.random.key(config.seed)
    baseline_key, noise_key = jax.random.fold_in(key, 1), jax.random.fold_in(key, 2)
    # The enumerated estimator leaves something to a baseline where a slot follows another.
    several = config.estimator == "enumerated" and model.config.n_slots > 1
    trained = model
    if several or config.estimator == "score-baseline":
        baseline = eqx.filter_jit(Baseline)(model.config, key=baseline_key)
        trained = WithBaseline(model, baseline)
    noise_of = jax.jit(
        lambda step: draw_noise(
            jax.random.fold_in(noise_key, step), config.batch_size, model.config
        )
    )

    def draw(trained: InverseAIR | WithBaseline, truth: SceneBatch, targets: Any, step: int):
        return draw_batch(_model_of(trained), targets, noise_of(step), pool, config, step)

    after = train_rendered(
        trained,
        scenes,
        pool,
        config,
        partial(mean_surrogate, estimator=config.estimator),
        draw,
        evaluate=lambda trained, step: evaluate(_model_of(trained), step),
        **options,
    )
    return _model_of(after)


def train_rendered(
    model: eqx.Module,
    scenes: Scenes,
    pool: RenderPool,
    config: LoopConfig,
    objective: Callable[..., Float[Array, ""]],
    draw: Callable[..., Any],
    **options: Any,
) -> eqx.Module:
    """Train on batches that are made by rendering.

    Args:
        model: The model to start from.
        scenes: Makes true scenes of their number and a seed.
        pool: Draws them.
        config: How to train.
        objective: What to raise, see `airscene.training.state.make_update`.
        draw: Makes what the objective takes, of the model, the true scenes, their images and the
            step.
        options: What else `airscene.training.loop.train_by` takes.

    Returns:
        The trained model.
    """
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    update = jax.jit(make_update(model, config, objective), donate_argnums=0)

    def advance(state: TrainState, step: int, n: int) -> tuple[TrainState, Array]:
        values = []
        for now in range(step, step + n):
            # Drawn while the update before may still be computed.
            truth = scenes(config.batch_size, seed=(config.seed, now))
            targets = pool.render(truth)
            batch = draw(eqx.combine(state.weights, frame), truth, targets, now)
            state, value = update(state, batch)
            values.append(value)
        return state, jnp.stack(values).mean()

    return train_by(advance, model, config, at_once=_AT_ONCE, **options)


def draw_batch(
    model: InverseAIR,
    targets: UInt8[np.ndarray, "n rows columns 3"],
    noise: Noise,
    pool: RenderPool,
    config: InverseTrainConfig,
    step: int,
) -> Batch:
    """Draw latents of images, and have the renderer score them.

    Args:
        model: The model.
        targets: The images.
        noise: Decides what is drawn.
        pool: Draws scenes.
        config: How to train.
        step: The step, which the annealing depends on.

    Raises:
        RendererError: If the renderer fails.
    """
    images, left = as_inputs(targets, model.config), annealed_at(config, step)
    drawn, canvases, scenes, q_present = unroll(model, images, pool.render, noise)
    gradient = "drawn"
    if config.estimator == "enumerated":
        gradient = "whole" if left.whole else "prefix"
    likelihood = likelihood_at(config, step)
    args = (pool, scenes, drawn.kind, q_present, targets, likelihood, model.config, gradient)
    return Batch(images, canvases, drawn, score(*args), left)


def _model_of(trained: InverseAIR | WithBaseline) -> InverseAIR:
    return trained.model if isinstance(trained, WithBaseline) else trained


def mean_surrogate(
    trained: InverseAIR | WithBaseline,
    batch: Batch,
    key: Array,
    step: Array,
    *,
    estimator: Estimator,
) -> Float[Array, ""]:
    """The mean of `surrogate` over a batch; all that is random in it was drawn before."""
    model = _model_of(trained)
    baseline = trained.baseline if isinstance(trained, WithBaseline) else None

    def one(image, canvases, drawn, scores):
        return surrogate(model, image, canvases, drawn, scores, estimator, batch.annealed, baseline)

    return jax.vmap(one)(batch.images, batch.canvases, batch.drawn, batch.scores).mean()
