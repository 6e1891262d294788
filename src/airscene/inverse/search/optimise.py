"""Direct optimisation: gradient ascent on the likelihood of each image, without a network."""

import math
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
import optax
from jaxtyping import Float, Int

from airscene import graphics
from airscene.errors import InputError
from airscene.graphics import ABSENT, RenderPool, SceneBatch
from airscene.inverse.config import InverseConfig, OptimiseConfig
from airscene.inverse.latents import log_prior, pose_spread, to_scenes
from airscene.inverse.objective.scores import annealed_likelihood, log_likelihoods
from airscene.inverse.shapes import Renders

_OPTIMISERS = {"adam": optax.adam, "momentum": partial(optax.sgd, momentum=0.9, nesterov=True)}


class Trace(NamedTuple):
    """What the best was after 0, 1, .. all iterations, under the likelihood of that time.

    Args:
        scores: log p(x | z) + log p(z) of the best, in nats; not to be compared while blur and
            noise are annealed.
        scenes: The best scenes of all images.
        renders: Renders for each image up to that time.
    """

    scores: Float[np.ndarray, "times n"]
    scenes: list[SceneBatch]
    renders: Int[np.ndarray, " times"]


class Optimised(NamedTuple):
    """What was found for n images by searches: one for no object, then of each restart each type's.

    Args:
        scenes: The best scene of each image.
        kinds: The type of each search, `ABSENT` first.
        scores: log p(x | z) + log p(z) in the end, in nats, without the Gaussian's normaliser. The
            density of a pose is in standardised latents: another unit would favour absence more
            or less.
        poses: Where each search ended, as in `SceneBatch`; it means nothing for no object.
        trace: The way there.
    """

    scenes: SceneBatch
    kinds: Int[np.ndarray, " searches"]
    scores: Float[np.ndarray, "n searches"]
    poses: Float[np.ndarray, "n searches 3"]
    trace: Trace


def draw_starts(n: int, model: InverseConfig, config: OptimiseConfig) -> Float[np.ndarray, "n s 3"]:
    """Standardised poses from the prior, for n images and s searches each.

    The first search is of no object: its poses are 0.
    """
    starts = np.random.default_rng(config.seed).normal(
        size=(n, 1 + config.restarts * model.n_types, 3)
    )
    starts[:, 0] = 0.0
    return starts


def optimise(
    targets: Renders,
    starts: Float[np.ndarray, "n searches 3"],
    pool: RenderPool,
    model: InverseConfig,
    config: OptimiseConfig,
) -> Optimised:
    """Search for the scene of at most one object that explains each image.

    Gradient ascent on log p(x | z) + log p(z) by finite differences, for each discrete hypothesis
    apart; all images, restarts and hypotheses are drawn in one call an iteration. Differences are
    forward, as the paper's, while blur and noise are annealed, and central after that: where a
    forward one is 0, the object lies half a step off in every coordinate. The paper neither says
    which optimiser it used nor how discrete variables were found; it does not anneal.

    The images are of the size that the pool draws, and the starts from `draw_starts`. Of the model,
    the prior and the spreads matter.

    Returns:
        The best scenes, and how they were found. An iteration costs, for S searches of an image,
        1 + 4 (S - 1) renders, or 1 + 7 (S - 1) where differences are central, and the end S.

    Raises:
        InputError: If the model has several slots or a camera.
        RendererError: If the renderer fails.

    Source: Eslami et al. 2016, section 3.2 (Fig. 6d) and appendix J.
    """
    if model.n_slots != 1 or model.n_cameras:
        raise InputError(
            f"a model of {model.n_slots} slots and {model.n_cameras} camera numbers; direct "
            "optimisation is of one slot and a fixed camera"
        )
    n, searches, _ = starts.shape
    kinds = np.array([ABSENT, *np.tile(np.arange(model.n_types), config.restarts)])
    prior, there = np.asarray(log_prior(model))[kinds + 1], (kinds != ABSENT)[:, None]
    rate = optax.cosine_decay_schedule(config.learning_rate, config.iterations)
    optimiser = _OPTIMISERS[config.optimiser](rate)
    update, state = jax.jit(optimiser.update), optimiser.init(np.float32(starts))
    z, count, trace = np.array(starts), 0, []
    for now in range(1 + config.iterations):
        share = now / (config.anneal * config.iterations)
        likelihood = annealed_likelihood(config.blur, config.sigma, share)
        scenes = to_scenes(
            np.tile(kinds, n)[:, None], z.reshape(-1, 1, 3), np.zeros((n * searches, 0)), model
        )
        # In the end only the scores are wanted.
        moved = np.full((len(scenes), 3), now < config.iterations)
        plan = graphics.plan_differences(
            scenes, graphics.Steps(), central=share >= 1.0, where=moved
        )
        values = log_likelihoods(pool, plan.scenes, targets, plan.source // searches, likelihood)
        found = graphics.combine_differences(plan, values)
        density = -0.5 * np.square(z) - 0.5 * math.log(2.0 * math.pi)
        scores = found.values.reshape(n, searches) + prior + (there * density).sum(axis=2)
        best = scenes[scores.argmax(axis=1) + searches * np.arange(n)]
        count += len(plan.scenes) // n
        trace.append((scores, best, count))
        uphill = found.poses.reshape(z.shape) * pose_spread(model) - there * z
        change, state = update(np.float32(-uphill), state)
        z = z + np.asarray(change) * (now < config.iterations)
    scores, bests, counts = zip(*trace, strict=True)
    way = Trace(np.stack(scores).max(axis=2), list(bests), np.array(counts))
    return Optimised(bests[-1], kinds, scores[-1], z * pose_spread(model), way)
