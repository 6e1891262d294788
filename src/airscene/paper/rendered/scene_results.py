"""What results of several objects on a table share: their figures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from airscene.evaluation import ImageRow, bars, heatmaps, image_rows, top_view
from airscene.graphics import RenderPool, SceneBatch
from airscene.inverse.model import InverseAIR
from airscene.inverse.unroll import infer
from airscene.paper.result import Rows, of_run
from airscene.paper.trained import run_folder, trained
from airscene.runs.preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

# How many scenes of one, two and three objects are in the figures: the first of those held out.
SHOWN = {1: 2, 2: 3, 3: 3}

# Scenes whose inferred objects are in the heat maps, and squares across the table's region.
COUNTED, SQUARES = 3000, 24


def first_model(preset: ScenePreset, rows: Rows, runs: Path) -> InverseAIR | None:
    """Return the model of a preset's first row whose run folder is here, if there is one."""
    made = [
        preset.override(seed=row["seed"]) for row in of_run(rows, preset.name) if row["finished"]
    ]
    # A row may be of a run that was made elsewhere.
    here = [p for p in made if (run_folder(p, runs) / "model.safetensors").is_file()]
    return trained(here[0], runs).air if here else None


def shown_models(
    presets: Mapping[str, ScenePreset], rows: Rows, runs: Path
) -> dict[str, InverseAIR] | None:
    """Return the models of a figure, without those whose rows are still to be made.

    None if one has rows, but no run here: the figure that there is shows more than one without it.
    """
    found = {name: first_model(preset, rows, runs) for name, preset in presets.items()}
    if any(model is None and of_run(rows, presets[name].name) for name, model in found.items()):
        return None
    return {name: model for name, model in found.items() if model is not None}


def shown_scenes(preset: ScenePreset) -> SceneBatch:
    """Return the held-out scenes that figures show."""
    scenes = draw_scenes(preset, preset.n_test, seed=TEST_SEED)
    counts = scenes.present.sum(axis=1)
    return scenes[np.concatenate([np.flatnonzero(counts == c)[:n] for c, n in SHOWN.items()])]


def inferred_rows(
    models: Mapping[str, InverseAIR], scenes: SceneBatch, pool: RenderPool
) -> list[ImageRow]:
    """Return images of scenes, and what each model infers of them, drawn by the renderer.

    The models are by what their rows say at the left.
    """
    images = pool.render(scenes)
    drawn = [ImageRow("data", images / 255.0)]
    for name, model in models.items():
        inferred = pool.render(infer(model, images, pool.render))
        drawn.append(ImageRow(name, inferred / 255.0))
    return drawn


def draw_rows(presets: Mapping[str, ScenePreset], rows: Rows, runs: Path, path: Path) -> None:
    """Draw held-out images, and what each preset's model infers of them, into a picture.

    The presets are by what their rows say at the left, of one world and with the same scenes.
    Nothing is drawn if a model that has rows is not here.
    """
    first = next(iter(presets.values()))
    if (models := shown_models(presets, rows, runs)) is not None:
        with make_pool(first) as pool:
            drawn = inferred_rows(models, shown_scenes(first), pool)
        image_rows(drawn).save(path)


def draw_top_views(preset: ScenePreset, rows: Rows, runs: Path, path: Path) -> None:
    """Draw where the objects of held-out scenes are, and where a preset's model infers them."""
    if model := first_model(preset, rows, runs):
        with make_pool(preset) as pool:
            true = shown_scenes(preset)
            found = infer(model, pool.render(true), pool.render)
        sides, cameras = [(s.types, s.poses) for s in (true, found)], (true.camera, found.camera)
        types, turns = preset.scenes.types, [turn == 0 for turn in preset.scenes.symmetry]
        top_view(types, turns, sides[0], sides[1], cameras).save(path)


def draw_policy(preset: ScenePreset, rows: Rows, runs: Path, figures: Path, name: str) -> None:
    """Draw where each step of a preset's models puts its object, and which type it takes.

    The figures are NAME-where.png and NAME-what.png.

    Source: Eslami et al. 2016, Fig. 7 (right).
    """
    where, what = {}, {}
    for row in of_run(rows, preset.name):
        seeded = preset.override(seed=row["seed"])
        if (model := first_model(seeded, [row], runs)) is None:
            continue
        with make_pool(preset) as pool:
            images = pool.render(draw_scenes(preset, COUNTED, seed=TEST_SEED))
            found = infer(model, images, pool.render)
        places, steps = [], {}
        for slot, types in enumerate(found.types.T):
            there = types >= 0
            # Seen from above, the camera's side below: y goes up the table.
            across = found.poses[there, slot, :2] * (1.0, -1.0)
            places.append((across + 1.0) / 2.0 * SQUARES)
            for kind, label in enumerate(preset.scenes.types):
                share = float((types[there] == kind).mean()) if there.any() else 0.0
                steps.setdefault(f"step {slot + 1}", {})[label] = [share]
        where[row["seed"]], what[row["seed"]] = places, steps
    if where:
        heatmaps(where, (SQUARES, SQUARES)).save(figures / f"{name}-where.png")
        groups = {
            step: {label: sum((what[seed][step][label] for seed in what), []) for label in labels}
            for step, labels in next(iter(what.values())).items()
        }
        bars(groups, "share of a step's objects", shares=True).save(figures / f"{name}-what.png")
