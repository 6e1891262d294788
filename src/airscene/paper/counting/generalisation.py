"""Strong generalisation: numbers of digits never seen in training (paper, Fig. 4 and Table 1)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import ImageRow, bars, count_accuracy, count_confusion, image_rows
from airscene.evaluation.evaluate import bound_terms, count_bounds
from airscene.images import LabelledScenes
from airscene.inference import Model, load
from airscene.paper.result import Result, Row, Rows, described, of_run
from airscene.paper.trained import folder_of, scaled, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import AIR_013, DAIR, DAIR_013, FULL

# Scenes in the figure of reconstructions.
SHOWN = 8

# Numbers of digits that DAIR is tested on after 0 to 2 on 50x50, each with the side of the images,
# in pixels; and scenes of each.
CANVASES = {3: 64, 4: 64, 5: 80, 8: 100, 12: 128}
MANY_SCENES = 1000


def unseen(preset: Preset) -> int:
    """Return the number of digits that a preset's data leave out: 3, or 2 between 1 and 3."""
    return 2 if max(preset.data.counts) == 3 else 3


def generalisation_row(preset: Preset, runs: Path) -> Row:
    """Return how a preset's model counts and bounds numbers of digits it has never seen.

    With as many steps as they need, and with one to spare.
    """
    model, count = trained(preset, runs), unseen(preset)
    scenes = replace(preset.data, counts=(count,)).load("test")
    return {
        **measure(model, preset.data.load("test"), "seen"),
        **measure(model.with_steps(count), scenes, "needed"),
        **measure(model.with_steps(count + 1), scenes, "spare"),
    }


def larger_row(preset: Preset, runs: Path) -> Row:
    """Return the same of a difference network, and its counts of many digits on larger images.

    With as many steps as there are digits, and with one to spare.
    """
    model: Model = trained(preset, runs)
    row = {**generalisation_row(preset, runs), "many_scenes": MANY_SCENES}
    for count in CANVASES:
        scenes = _many(preset, count, MANY_SCENES)
        for name, steps in (("needed", count), ("spare", count + 1)):
            larger = _larger(model, count, steps)
            probs = np.exp(larger.infer_arrays(larger.prepare(scenes.images)[1]).log_q)
            row[f"digits_{count}_{name}_count_accuracy"] = count_accuracy(probs, scenes.counts)
    return row


def _many(preset: Preset, count: int, n: int) -> LabelledScenes:
    """So many held-out scenes of so many digits, on the canvas for them."""
    side = CANVASES[count]
    return replace(preset.data, counts=(count,), image_size=side, n_test=n).load("test")


def _larger(model: Model, count: int, steps: int) -> Model:
    """The model for the canvas of so many digits."""
    side = CANVASES[count]
    return Model(model.air.with_canvas(side, side).with_steps(steps), model.name)


def measure(model: Model, scenes: LabelledScenes, name: str) -> dict[str, Any]:
    """Return the counts and the bound of a model on scenes, as numbers named `name_..`.

    `bound_count_accuracy` is of the counts with the highest bound, where `count_accuracy` is of
    those that the network infers.
    """
    _, prepared = model.prepare(scenes.images)
    probs = np.exp(model.infer_arrays(prepared).log_q.astype(float))
    elbo = bound_terms(model, prepared)["elbo"]
    # What the objects are worth, whatever the network says of their number.
    best = count_bounds(model, prepared).argmax(axis=1)
    measured = {
        "steps": model.air.config.n_steps,
        "scenes": len(scenes),
        "count_accuracy": count_accuracy(probs, scenes.counts),
        "bound_count_accuracy": float((best == scenes.counts).mean()),
        "count_confusion": count_confusion(probs, scenes.counts).tolist(),
        "elbo": float(elbo.mean()),
        "elbo_standard_error": float(elbo.std() / np.sqrt(len(elbo))),
    }
    return {f"{name}_{key}": value for key, value in measured.items()}


def generalisation(quickly: bool = False) -> Result:
    """Extrapolation and interpolation, for AIR and DAIR; those of DRAW are in the result `draw`."""
    presets, seeds = scaled(quickly, (1, 2, 3), FULL, DAIR, AIR_013, DAIR_013)
    units = []
    for seed in seeds:
        for preset in presets:
            row = larger_row if preset.name == DAIR.name and not quickly else generalisation_row
            units += training_units([preset], [seed], row)
    return described("generalisation", units, _draw)


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    values: dict[str, dict[str, list[float]]] = {}
    pairs = {"extrapolation": (FULL, DAIR), "interpolation": (AIR_013, DAIR_013)}
    for kind, presets in pairs.items():
        group = values[f"{kind}\nto {unseen(presets[0])} digits"] = {}
        for name, preset in zip(("AIR", "DAIR"), presets, strict=True):
            for key, said in (("needed", ""), ("spare", ", a spare step")):
                group[f"{name}{said}"] = [
                    row[f"{key}_count_accuracy"] for row in of_run(rows, preset.name)
                ]
        _draw_scenes(presets, rows, runs, figures / f"generalisation-{kind}.png")
    bars(values, "count accuracy", shares=True).save(figures / "generalisation.png")
    _draw_larger(of_run(rows, DAIR.name), runs, figures)


def _draw_larger(rows: Rows, runs: Path, figures: Path) -> None:
    """Draw the counts of many digits on larger images, and scenes of the most of them."""
    key, kinds = "digits_{}_{}_count_accuracy", {"needed": "DAIR", "spare": "DAIR, a spare step"}
    made = [row for row in rows if key.format(max(CANVASES), "needed") in row]
    if not made:
        return
    values = {
        f"{count} digits,\n{side} pixels": {
            said: [row[key.format(count, kind)] for row in made] for kind, said in kinds.items()
        }
        for count, side in CANVASES.items()
    }
    bars(values, "count accuracy", shares=True).save(figures / "generalisation-many.png")
    if folder := folder_of(made[0], runs):
        model, count = load(folder), max(CANVASES)
        assert isinstance(model, Model)
        scenes = _many(DAIR, count, SHOWN // 2)
        larger = _larger(model, count, count + 1)
        shown = [ImageRow("data", scenes.images / 255.0), _redrawn("DAIR", larger, scenes)]
        image_rows(shown).save(figures / "generalisation-larger.png")


def _redrawn(label: str, model: Model, scenes: LabelledScenes) -> ImageRow:
    found = model.infer(scenes.images)
    windows = [np.array([o.window for o in s.objects]).reshape(-1, 4) for s in found]
    return ImageRow(label, model.render(found), windows)


def _draw_scenes(presets: tuple[Preset, Preset], rows: Rows, runs: Path, path: Path) -> None:
    """Draw unseen scenes as AIR and DAIR make them, where their runs are here."""
    count = unseen(presets[0])
    scenes = replace(presets[0].data, counts=(count,), n_test=SHOWN).load("test")
    shown = [ImageRow("data", scenes.images / 255.0)]
    for label, preset in zip(("AIR", "DAIR"), presets, strict=True):
        folders = [folder_of(row, runs) for row in of_run(rows, preset.name)]
        for folder in [folder for folder in folders if folder][:1]:
            model = load(folder)
            assert isinstance(model, Model)
            shown.append(_redrawn(label, model.with_steps(count + 1), scenes))
    if len(shown) > 1:
        image_rows(shown).save(path)
