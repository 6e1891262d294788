"""Direct optimisation of each image's scene, measured as trained networks are."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation.metrics.poses import scene_metrics
from airscene.inverse.config import OptimiseConfig
from airscene.inverse.search.optimise import draw_starts, optimise
from airscene.inverse.unroll import infer
from airscene.paper.result import Unit
from airscene.paper.trained import trained
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool
from airscene.schema import Together

# A search of the right type that ends farther off than this is stuck, in widths of the region.
STUCK = 0.05


def optimised_unit(run: str, preset: ScenePreset, config: OptimiseConfig, n_images: int) -> Unit:
    """Return the unit whose row is what direct optimisation of held-out scenes reaches.

    The preset gives the scenes, the generative model, and the trained model that it is held against.
    """
    configuration = Together(preset, {"optimise": config, "n_images": n_images})
    make = partial(optimised_row, preset, config, n_images)
    return Unit(run, config.seed, configuration, make)


def optimised_row(
    preset: ScenePreset, config: OptimiseConfig, n_images: int, runs: Path
) -> dict[str, Any]:
    """Return how near direct optimisation comes to the truth, how often it sticks, and its cost.

    The searches start from the prior; the type of each image's best is what was inferred. For the
    renders that it takes to be as good as the trained model, the median position error over
    scenes with an object is compared, of the best search at each time.
    """
    model = trained(preset, runs).air
    with make_pool(preset) as pool:
        truth = draw_scenes(preset, n_images, seed=TEST_SEED)
        images = pool.render(truth)
        began = time.perf_counter()
        starts = draw_starts(n_images, preset.model, config)
        found = optimise(images, starts, pool, preset.model, config)
        seconds = time.perf_counter() - began
        # Again for its time, as it is compiled then.
        infer(model, images, pool.render)
        began = time.perf_counter()
        inferred = infer(model, images, pool.render)
        amortised_seconds = time.perf_counter() - began
        amortised = scene_metrics(truth, inferred, preset.scenes)
    gaps = np.linalg.norm(found.poses[:, :, :2] - truth.poses[:, :, :2], axis=2) / 2.0
    right = (found.kinds == truth.types) & truth.present
    errors = [
        scene_metrics(truth, scenes, preset.scenes).get("position_error", np.inf)
        for scenes in found.trace.scenes
    ]
    # None where the trained model finds no object to measure.
    to_reach = amortised.get("position_error")
    as_good = np.flatnonzero(np.array(errors) <= (-1.0 if to_reach is None else to_reach))
    return {
        **scene_metrics(truth, found.scenes, preset.scenes),
        "scenes": n_images,
        "stuck": float((gaps[right] > STUCK).mean()),
        "searches": int(right.sum()),
        "renders_an_image": int(found.trace.renders[-1]),
        "renders_to_quality": int(found.trace.renders[as_good[0]]) if len(as_good) else None,
        "seconds_an_image": seconds / n_images,
        "amortised_position_error": to_reach,
        "amortised_seconds_an_image": amortised_seconds / n_images,
    }
