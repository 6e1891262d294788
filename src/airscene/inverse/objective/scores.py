"""What a training step asks of the renderer: log-likelihood tables and pose gradients."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from airscene import graphics
from airscene.graphics import ABSENT, Likelihood, RenderPool, SceneBatch
from airscene.inverse.config import InverseConfig
from airscene.inverse.latents import pose_spread
from airscene.inverse.objective.estimators import Scores
from airscene.inverse.shapes import Renders

# Which scenes the gradient of slot i's pose is of:
# "drawn": of what was drawn, where the slot is present (the paper's).
# "prefix": of slot i with the type that it would have, the later slots absent.
# "whole": as drawn, but for the last slot, which has the type that it would have; by central
#     differences, as a run ends on it: where a forward one is 0, an object lies half a step off
#     in every coordinate, which is 2.9 degrees of rotation. The paper's are forward.
# The gradient by the camera is always of what was drawn.
Gradient = Literal["drawn", "prefix", "whole"]


def annealed_likelihood(
    blur: tuple[float, float], sigma: tuple[float, float], share: float
) -> Likelihood:
    """The likelihood on the way from the first blur and sigma, at share 0, to the last, from 1 on.

    Both change evenly in their logarithms.
    """
    share = min(1.0, share)
    return Likelihood(*(a * (b / a) ** share for a, b in (blur, sigma)))


def score(
    pool: RenderPool,
    scenes: SceneBatch,
    kinds: Int[np.ndarray, "n slots"],
    q_present: Float[np.ndarray, "n slots"],
    targets: Renders,
    likelihood: Likelihood,
    config: InverseConfig,
    gradient: Gradient,
) -> Scores:
    """Have the renderer score what was drawn, in one call to the pool.

    The scores are without the Gaussian's normaliser, which is large and depends on nothing that is
    learnt.

    For N slots of K types and a fixed camera that are N (1 + K) + 3 N scenes, with "whole" up to
    N (1 + K) + 6 N, or with "drawn" 1 + 3 for each present object, which leaves the tables 0; a
    camera is one more, or with "whole" two. Of the tables, N - 1 are drawn for two slots at once:
    what is without a slot's object is what the slot before has as drawn.

    Args:
        pool: Draws scenes.
        scenes: What was drawn, with poses also where a slot is absent.
        kinds: The type that each slot has, or would have.
        q_present: Probability that each slot is present, given the slots before it.
        targets: The image that each scene is to explain.
        likelihood: Its blur and its noise.
        config: What the model is made of.
        gradient: Which scenes the pose gradients are of.

    Raises:
        RendererError: If the renderer fails.
    """
    n, slots = kinds.shape
    rows, last = np.arange(n), slots - 1
    slot = np.arange(slots)
    prefixes = [
        replace(scenes, types=np.where(slot > i, ABSENT, scenes.types))
        for i in range(slots if gradient != "drawn" else 0)
    ]
    tables = [
        graphics.plan_alternatives(some, i, config.n_types) for i, some in enumerate(prefixes)
    ]
    # The scenes that gradients are of, and the slots whose poses are moved in each.
    as_drawn = range({"drawn": slots, "prefix": 0, "whole": last}[gradient])
    others = range(len(as_drawn), slots)
    plan = partial(graphics.plan_differences, steps=graphics.Steps(), central=gradient == "whole")
    plans = [plan(scenes, where=_where(scenes, as_drawn, camera=True))]
    for i in others:
        there = replace(scenes, types=np.where(slot == i, kinds, prefixes[i].types))
        plans.append(plan(there, where=_where(scenes, (i,), camera=False)))

    # The scores of unmoved scenes are in the tables.
    parts = [(table.scenes, table.source) for table in tables] or [(scenes, rows)]
    parts += [(some.scenes[n:], some.source[n:]) for some in plans]
    drawn, which = (
        graphics.concatenate([part[0] for part in parts]),
        np.concatenate([p[1] for p in parts]),
    )
    values = log_likelihoods(pool, drawn, targets, which, likelihood)
    found = np.split(values, np.cumsum([len(part[1]) for part in parts])[:-1])

    if tables:
        table = np.stack([t.table(v) for t, v in zip(tables, found, strict=False)], axis=1)
        total = table[rows, last, scenes.types[:, last] + 1]
    else:
        table, total = np.zeros((n, slots, 1 + config.n_types)), found[0]
    known = [total, *(table[rows, i, kinds[:, i] + 1] for i in others)]
    gradients = [
        graphics.combine_differences(some, np.concatenate([base, moved]))
        for some, base, moved in zip(plans, known, found[-len(plans) :], strict=True)
    ]
    weights = scenes.present.astype(np.float64)
    weights[:, others] = q_present[:, others]
    poses = sum(one.poses for one in gradients) * pose_spread(config)
    camera = gradients[0].camera * config.camera_spread
    numbers = (total, table, poses, weights, camera)
    return Scores(*(np.asarray(x, np.float32) for x in numbers))


def log_likelihoods(
    pool: RenderPool,
    scenes: SceneBatch,
    targets: UInt8[np.ndarray, "targets height width 3"],
    which: Int[np.ndarray, "n"],
    likelihood: Likelihood,
) -> Float[np.ndarray, "n"]:
    """`RenderPool.log_likelihoods` without the Gaussian's normaliser: 0 at most."""
    blur, sigma = likelihood
    values = pool.log_likelihoods(scenes, targets, which, blur=blur, sigma=sigma)
    return values + 0.5 * targets[0].size * math.log(2.0 * math.pi * sigma**2)


def _where(scenes: SceneBatch, slots: Sequence[int], camera: bool) -> Bool[np.ndarray, "n c"]:
    """A mask of the coordinates of some slots, and of the camera."""
    n, of_slots = len(scenes), np.zeros((len(scenes), scenes.types.shape[1], 3), bool)
    of_slots[:, list(slots)] = True
    of_camera = np.full(scenes.camera.shape, camera)
    return np.concatenate([of_slots.reshape(n, -1), of_camera], axis=1)
