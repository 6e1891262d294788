"""A model of 3-D scenes held against scenes whose truth is known."""

from typing import Any

from airscene.evaluation.metrics.poses import scene_metrics
from airscene.evaluation.renders import make_evaluate
from airscene.graphics import RenderPool, SceneBatch
from airscene.inference.scene_model import SceneModel
from airscene.inference.worlds import world_name
from airscene.inverse.search.refine import refine, score_by
from airscene.inverse.unroll import infer

# The errors that refinement lessens.
POSES = ("position_error", "rotation_error")


def evaluate_scenes(
    model: SceneModel, truth: SceneBatch, workers: int | None = None
) -> dict[str, Any]:
    """Every measure of a model on scenes with known truth.

    Args:
        model: The model.
        truth: Scenes of its world.
        workers: Processes that draw; one for each core if not given.

    Returns:
        Numbers, ready for JSON: the world, the number of scenes, what
        `airscene.evaluation.renders.make_evaluate` measures of the networks, and the errors of
        positions and rotations when they are refined, as `refined_`.

    Raises:
        InputError: If nothing can be drawn.
    """
    with RenderPool(model.drawing.make, workers) as pool:
        measured = make_evaluate(truth, pool, model.world, model.likelihood)(model.air, 0)
        targets = pool.render(truth)
        score = score_by(pool, targets, model.likelihood)
        inferred = infer(model.air, targets, pool.render)
        refined = scene_metrics(truth, refine(inferred, score, model.world), model.world)
    poses = {f"refined_{key}": refined[key] for key in refined if key.startswith(POSES)}
    return {"world": world_name(model.world), "scenes": len(truth), **measured, **poses}
