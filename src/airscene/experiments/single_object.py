"""One object in 3-D: presence, identity, position and rotation through a renderer (Fig. 6a-d)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.experiments.result import Result, Row, of_run, spread
from airscene.experiments.scene_preset import ScenePreset
from airscene.experiments.trained_scenes import (
    TEST_SEED,
    draw_scenes,
    make_pool,
    scene_units,
    trained_scenes,
)
from airscene.graphics.world import SINGLE_OBJECT
from airscene.inverse.config import InverseConfig, InverseTrainConfig

SINGLE = ScenePreset(
    name="single-object",
    about="A cube, a sphere, a cylinder or nothing on a table: what, where, and how it is turned.",
    world="single-object",
    model=InverseConfig.of(SINGLE_OBJECT),
    training=InverseTrainConfig(steps=8000, evaluate_every=500, save_every=500),
)

# Held-out scenes in the figure.
SHOWN = 8


def single_object(quickly: bool = False) -> Result:
    """One object, recovered through a renderer, without labels (Fig. 6a-d)."""
    preset = _quick(SINGLE) if quickly else SINGLE
    return Result(
        name="single-object",
        about=(
            "A red cube, a blue sphere, a textured cylinder or nothing on a table, inferred from "
            "an image through a renderer (section 3.2, Fig. 6a-d). Position errors are medians of "
            "the distance, in widths of the table's region; rotation errors are medians, modulo "
            "the symmetry of the object."
        ),
        paper=(
            "Reliably and accurately infers count, identity, position and rotation; no number "
            "(Fig. 6)"
        ),
        targets=(
            "presence and identity at or above 99%, position error at or below 2%, rotation "
            "error at or below 5 degrees for cube and cylinder"
        ),
        units=scene_units(preset, (1,) if quickly else (1, 2, 3)),
        ours=_ours,
        draw=partial(_draw, preset),
    )


def _quick(preset: ScenePreset) -> ScenePreset:
    few = {"steps": 60, "evaluate_every": 30, "save_every": 30}
    return replace(preset, training=replace(preset.training, **few), n_test=100)


def _ours(rows: Sequence[Row]) -> str:
    ours = of_run(rows, SINGLE.name)
    percent, degrees = "{:.2%}", "{:.1f} degrees"
    said = {
        "presence": spread(ours, "count_accuracy", percent),
        "identity": spread(ours, "identity_accuracy", percent),
        "position error": spread(ours, "position_error", percent),
        "rotation error of the cube": spread(ours, "rotation_error_cube", degrees),
        "of the cylinder": spread(ours, "rotation_error_cylinder", degrees),
    }
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _draw(preset: ScenePreset, rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as they import more than the command line's help should wait for.
    from airscene.evaluation import ImageRow, image_rows
    from airscene.inverse.unroll import infer

    preset = preset.with_seed(of_run(rows, preset.name)[0]["seed"])
    if not (runs / f"{preset.name}-{preset.training.seed}").is_dir():
        # The row is of a run that was made elsewhere.
        return
    model = trained_scenes(preset, runs)
    with make_pool(preset) as pool:
        images = pool.render(draw_scenes(preset, SHOWN, seed=TEST_SEED))
        inferred = pool.render(infer(model, images, pool.render))
    drawn = [ImageRow("data", images / 255.0), ImageRow("inferred", inferred / 255.0)]
    image_rows(drawn).save(figures / "single-object.png")
