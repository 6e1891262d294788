"""One object in 3-D: presence, identity, position and rotation through a renderer (Fig. 6a-d)."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from airscene.evaluation import ImageRow, image_rows
from airscene.evaluation.metrics.poses import scene_metrics
from airscene.inverse.config import OptimiseConfig
from airscene.inverse.search.optimise import draw_starts, optimise
from airscene.inverse.unroll import infer
from airscene.paper.rendered.scene_results import inferred_rows, shown_models
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.paper.trained import scaled, trained, training_units
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import SINGLE
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool
from airscene.schema import Together

SUPERVISED = replace(
    SINGLE,
    name="single-object-supervised",
    about="The same network, trained with labels.",
    labels="sampled",
)

# Direct optimisation, of the likelihood annealed as in training, by two optimisers, and of the
# model's own. Of the rates 1e-5, 1e-4, 1e-3, 3e-3 and 1e-2, momentum sticks least often with this.
OPTIMISED = {
    "single-object-optimised": OptimiseConfig(),
    "single-object-optimised-momentum": OptimiseConfig(optimiser="momentum", learning_rate=1e-3),
    "single-object-optimised-plainly": OptimiseConfig(blur=(2.0, 2.0), sigma=(0.2, 0.2)),
}

# Held-out scenes that are optimised. A search of the right type that ends farther off than this is
# stuck, in widths of the region.
N_OPTIMISED, STUCK = 60, 0.05

# Of the first of them, how many of a cube, a sphere, a cylinder and of none are in the figure.
SHOWN = {0: 3, 1: 1, 2: 3, -1: 1}


def single_object(quickly: bool = False) -> Result:
    """One object, recovered through a renderer, without labels (Fig. 6a-d)."""
    presets, seeds = scaled(quickly, (1, 2, 3), SINGLE, SUPERVISED)
    first, n = presets[0].override(seed=1), 4 if quickly else N_OPTIMISED
    searches = {
        run: replace(config, iterations=4, restarts=1) if quickly else config
        for run, config in OPTIMISED.items()
    }
    units = list(training_units(presets, seeds))
    for run, config in searches.items():
        configuration = Together(first, {"optimise": config, "n_images": n})
        units.append(
            Unit(run, config.seed, configuration, partial(optimised_row, first, config, n))
        )
    draw = partial(_draw, presets, searches["single-object-optimised"])
    return described("single-object", units, draw)


def optimised_row(preset: ScenePreset, config: OptimiseConfig, n_images: int, runs: Path) -> Row:
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


def _draw(
    presets: Sequence[ScenePreset],
    search: OptimiseConfig,
    rows: Rows,
    runs: Path,
    figures: Path,
) -> None:
    names: dict[str, ScenePreset] = dict(zip(("AIR", "supervised"), presets, strict=True))
    if (models := shown_models(names, rows, runs)) is None:
        return
    with make_pool(presets[0]) as pool:
        truth = draw_scenes(presets[0], N_OPTIMISED, seed=TEST_SEED)
        chosen = [np.flatnonzero(truth.types[:, 0] == kind)[:n] for kind, n in SHOWN.items()]
        truth = truth[np.concatenate(chosen)]
        drawn = inferred_rows(models, truth, pool)
        images = pool.render(truth)
        starts = draw_starts(len(images), presets[0].model, search)
        found = optimise(images, starts, pool, presets[0].model, search).scenes
        drawn.append(ImageRow("optimised", pool.render(found) / 255.0))
    image_rows(drawn).save(figures / "single-object.png")
