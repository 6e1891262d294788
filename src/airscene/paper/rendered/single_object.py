"""One object in 3-D: presence, identity, position and rotation through a renderer (Fig. 6a-d)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from airscene.evaluation import ImageRow, image_rows
from airscene.inverse.config import OptimiseConfig
from airscene.inverse.search.optimise import draw_starts, optimise
from airscene.paper.quick import scaled
from airscene.paper.rendered.optimised import optimised_unit
from airscene.paper.rendered.scene_results import inferred_rows, shown_models
from airscene.paper.result import DEGREES, SECONDS, Claim, Result, Row, lead
from airscene.paper.trained import training_units
from airscene.runs.presets.rendered import SINGLE
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

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

# Held-out scenes that are optimised.
N_OPTIMISED = 60

# Of the first of them, how many of a cube, a sphere, a cylinder and of none are in the figure.
SHOWN = {0: 3, 1: 1, 2: 3, -1: 1}

_ROTATION, _PLACE = "rotation_error_cube", "position, error in widths of the table"
CLAIMS = (
    Claim("identity", SINGLE.name, "identity_accuracy", paper="reliable", at_least=0.99),
    Claim(
        "rotation of the cube, error",
        SINGLE.name,
        _ROTATION,
        DEGREES,
        "accurate",
        at_most=5.0,
        front=True,
    ),
    Claim(_PLACE, SINGLE.name, "position_error", paper="accurate", at_most=0.02),
    Claim(
        "trained with labels, error of the cube's rotation in excess of AIR's",
        key=_ROTATION,
        style=DEGREES,
        paper="worse, a figure",
        at_least=0.0,
        of=partial(lead, SUPERVISED.name, [SINGLE.name], _ROTATION),
    ),
    Claim("training", SINGLE.name, "seconds", SECONDS, at_most=1200.0, worst=True),
)


def single_object(quickly: bool = False) -> Result:
    """One object, recovered through a renderer, without labels (Fig. 6a-d)."""
    presets, seeds = scaled(quickly, (1, 2, 3), SINGLE, SUPERVISED)
    first, n = presets[0].override(seed=1), 4 if quickly else N_OPTIMISED
    searches = {
        run: replace(config, iterations=4, restarts=1) if quickly else config
        for run, config in OPTIMISED.items()
    }
    return Result(
        name="single-object",
        about=(
            "A red cube, a blue sphere, a textured cylinder or nothing on a table, inferred from "
            "an image through a renderer (section 3.2, Fig. 6a-d). Position errors are medians of "
            "the distance, in widths of the table's region; rotation errors are medians, modulo "
            "the symmetry of the object."
        ),
        units=(
            *training_units(presets, seeds),
            *(optimised_unit(run, first, config, n) for run, config in searches.items()),
        ),
        claims=CLAIMS,
        draw=partial(_draw, presets, searches["single-object-optimised"]),
    )


def _draw(
    presets: Sequence[ScenePreset],
    search: OptimiseConfig,
    rows: Sequence[Row],
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
