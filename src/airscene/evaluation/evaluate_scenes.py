"""A model of 3-D scenes held against scenes whose truth is known."""

from typing import Any

from airscene.graphics import RenderPool, SceneBatch
from airscene.inference.scene_model import LIKELIHOOD, SceneModel
from airscene.inference.worlds import world_name
from airscene.inverse.evaluate import make_evaluate


def evaluate_scenes(
    model: SceneModel, truth: SceneBatch, workers: int | None = None
) -> dict[str, Any]:
    """Every measure of a model on scenes with known truth.

    Args:
        model: The model.
        truth: Scenes of its world.
        workers: Processes that draw; one for each core if not given.

    Returns:
        Numbers, ready for JSON: the world, the number of scenes, and what
        `airscene.inverse.evaluate.make_evaluate` measures.

    Raises:
        InputError: If nothing can be drawn.
    """
    with RenderPool(model.drawing.make, workers) as pool:
        measured = make_evaluate(truth, pool, model.world, LIKELIHOOD)(model.air, 0)
    return {"world": world_name(model.world), "scenes": len(truth), **measured}
