"""How good a model of 3-D scenes is on held-out ones: metrics against the truth, and the bound."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.evaluation.metrics.poses import scene_metrics
from airscene.graphics import Likelihood, RenderPool, SceneBatch, World
from airscene.inference.scene_model import SceneModel
from airscene.inference.worlds import world_name
from airscene.inverse.latents import log_prior
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.estimators import terms
from airscene.inverse.objective.scores import log_likelihoods
from airscene.inverse.search.refine import refine, score_by
from airscene.inverse.unroll import as_inputs, draw_noise, infer, unroll

# The errors that refinement lessens.
POSES = ("position_error", "rotation_error")


@eqx.filter_jit
def _bounds(model, images, canvases, drawn, total):
    prior = log_prior(model.config)

    def one(image, canvases, drawn, total):
        replay = model.replay(image, canvases, drawn)
        added = terms(replay, drawn.alternatives, prior).sum()
        return total + added - replay.kl_camera

    return jax.vmap(one)(images, canvases, drawn, total)


def make_evaluate(
    truth: SceneBatch, pool: RenderPool, world: World, likelihood: Likelihood
) -> Callable[[InverseAIR, int], dict[str, float]]:
    """Make the function that a run calls from time to time.

    Args:
        truth: Held-out scenes.
        pool: Draws them, and what they are taken for.
        world: Its types and symmetries.
        likelihood: The model's, which a run ends on: the bounds of a run can be compared.

    Returns:
        A function of the model and the step, which returns `bound`, the mean over the scenes of
        one sample each, in nats, without the Gaussian's normaliser; `reconstruction_error`, the
        mean square of the difference between the images and those of what is inferred, of white;
        and `scene_metrics`.
    """
    targets = pool.render(truth)

    def evaluate(model: InverseAIR, step: int) -> dict[str, float]:
        config = model.config
        images = as_inputs(targets, config)
        noise = draw_noise(jax.random.key(0), len(images), config)
        drawn, canvases, scenes, _ = unroll(model, images, pool.render, noise)
        total = log_likelihoods(pool, scenes, targets, np.arange(len(scenes)), likelihood)
        bound = float(_bounds(model, images, canvases, drawn, np.float32(total)).mean())
        inferred = infer(model, targets, pool.render)
        off = (np.float32(pool.render(inferred)) - targets) / 255.0
        measured = {"bound": bound, "reconstruction_error": float(np.square(off).mean())}
        return {**measured, **scene_metrics(truth, inferred, world)}

    return evaluate


def evaluate_scenes(model: SceneModel, truth: SceneBatch) -> dict[str, Any]:
    """Every measure of a model on scenes of its world, with known truth.

    Returns:
        Numbers, ready for JSON: the world, the number of scenes, what `make_evaluate` measures of
        the networks, and the errors of positions and rotations when refined, as `refined_`.

    Raises:
        InputError: If nothing can be drawn.
    """
    with RenderPool(model.drawing.make) as pool:
        measured = make_evaluate(truth, pool, model.world, model.likelihood)(model.air, 0)
        targets = pool.render(truth)
        score = score_by(pool, targets, model.likelihood)
        inferred = infer(model.air, targets, pool.render)
        refined = scene_metrics(truth, refine(inferred, score, model.world), model.world)
    poses = {f"refined_{key}": refined[key] for key in refined if key.startswith(POSES)}
    return {"world": world_name(model.world), "scenes": len(truth), **measured, **poses}
