"""Trained models that results share: each run is made once, whichever result asks first.

And the quick version of what is trained: the same protocol, scaled down to a minute or two.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from airscene.evaluation import Curve, Picture, heatmaps, learning_curve, objective_curve
from airscene.files import write_atomic
from airscene.images.load import Paths
from airscene.inference import Model, load
from airscene.paper.result import Row, Rows, Unit, of_run
from airscene.runs.preset import MaskedPreset, PatchPreset, Preset, ScenePreset, run_data
from airscene.runs.presets.baselines import CAEPreset, DRAWPreset
from airscene.runs.run import run
from airscene.runs.tasks import make_task
from airscene.runs.tasks.images import SCENES, step_centres
from airscene.schema import Together
from airscene.training.record import read_metrics

Scalable = TypeVar("Scalable", Preset, ScenePreset, DRAWPreset)

# Count accuracy whose time is reported, on the held-out scenes counted while training.
REACHED = 0.98

# Figures of the first run of each preset that documents may show.
SHOWN = ("reconstructions.png", "samples.png", "learning.gif")


def run_folder(
    preset: Preset | PatchPreset | MaskedPreset | ScenePreset | DRAWPreset | CAEPreset, runs: Path
) -> Path:
    """Return the folder of a preset's run, named for the preset and the seed."""
    return runs / f"{preset.name}-{preset.training.seed}"


def folder_of(row: Row, runs: Path) -> Path | None:
    """Return the folder of a row's run; None if it was made elsewhere, and is not here."""
    folder = runs / f"{row['run']}-{row['seed']}"
    return folder if folder.is_dir() else None


def trained(
    preset: Preset | PatchPreset | MaskedPreset | ScenePreset | DRAWPreset | CAEPreset,
    runs: Path,
    images: Paths | None = None,
) -> Any:
    """Return the model that a preset trains; of inverse graphics, its `air` are the networks.

    A run that is not in the folder of all runs is made; one that was cut short goes on.

    Args:
        preset: The preset.
        runs: The folder of all runs.
        images: Images in place of those that the preset names.

    Raises:
        InputError: If training fails, or (`InTheWay`) a run of another configuration is there.
    """
    folder = run_folder(preset, runs)
    task = make_task(preset) if images is None else make_task(preset, images=images)
    model = run(task, folder, resume=(folder / "config.json").is_file())
    return task.inferrer(model, folder.name)


def training_row(preset: Preset | ScenePreset, runs: Path) -> Row:
    """Return what one run of a preset reached on its held-out scenes, and how fast."""
    trained(preset, runs)
    folder = run_folder(preset, runs)
    evaluation = json.loads((folder / "evaluation.json").read_text())
    rows = read_metrics(folder / "metrics.jsonl")
    steps, seconds = rows[-1]["step"], rows[-1]["seconds"]
    if isinstance(preset, ScenePreset):
        return {**evaluation, "steps": steps, "seconds": seconds}
    reached = [r["seconds"] for r in rows if r.get("count_accuracy", 0.0) >= REACHED]
    return {
        **evaluation,
        "seconds": seconds,
        "seconds_to_98": reached[0] if reached else None,
        "steps": steps,
        "object_size": json.loads((folder / "config.json").read_text())["model"]["object_size"],
    }


def training_units(
    presets: Sequence[Preset] | Sequence[ScenePreset],
    seeds: Sequence[int],
    row: Callable[..., Row] = training_row,
    also: dict[str, Any] | None = None,
) -> tuple[Unit, ...]:
    """Return the units whose rows are of a preset's run, one for each preset and seed.

    Args:
        presets: The presets.
        seeds: Seeds of each.
        row: Makes the row of a preset, with its seed, and the folder of all runs.
        also: What decides the row beside the preset.
    """
    seeded = [preset.override(seed=seed) for preset in presets for seed in seeds]
    return tuple(
        Unit(p.name, p.training.seed, Together(p, also) if also else p, partial(row, p))
        for p in seeded
    )


def draw_training(rows: Rows, runs: Path, figures: Path) -> None:
    """Draw the figures of training runs, of each preset: counts and bound by step, over its seeds.

    And where steps attend to. Pictures that show one run are copied from the preset's first.
    """
    for name in dict.fromkeys(row["run"] for row in rows):
        found = {row["seed"]: folder_of(row, runs) for row in of_run(rows, name)}
        folders = {seed: folder for seed, folder in found.items() if folder}
        if not folders:
            continue
        metrics = {seed: read_metrics(f / "metrics.jsonl") for seed, f in folders.items()}
        for key, draw, kind in (
            ("count_accuracy", learning_curve, "counts"),
            ("objective", objective_curve, "bound"),
        ):
            curves = [
                Curve(seed, *(np.array([row[k] for row in made]) for k in ("step", key)))
                for seed, made in metrics.items()
            ]
            draw(curves).save(figures / f"{name}-{kind}.png")
        seed_heatmaps(dict(list(folders.items())[:3])).save(figures / f"{name}-heatmaps.png")
        first = next(iter(folders.values())) / "figures"
        for shown in SHOWN:
            for file in (first / shown, (first / shown).with_suffix(".json")):
                write_atomic(figures / f"{name}-{file.name}", file.read_bytes())


def seed_heatmaps(folders: dict[int, Path]) -> Picture:
    """Draw where each step looks on held-out scenes, a panel for the run folder of each seed."""
    held_out = run_data(next(iter(folders.values()))).load("test").images[:SCENES]
    centres = {}
    for seed, folder in folders.items():
        model = load(folder)
        assert isinstance(model, Model)
        inferred = model.infer_arrays(model.prepare(held_out)[1])
        centres[seed] = step_centres(*map(np.asarray, (inferred.windows, inferred.log_q)))
    return heatmaps(centres, held_out.shape[1:3])


def quick(preset: Scalable) -> Scalable:
    """Scale a preset down: the bundled digits, few scenes, few updates."""
    steps = 60 if isinstance(preset, ScenePreset) else 300
    between = steps // (2 if isinstance(preset, ScenePreset) else 3)
    few = {"steps": steps, "evaluate_every": between, "save_every": between}
    training = replace(preset.training, **few)
    if isinstance(preset, ScenePreset):
        return replace(preset, training=training, n_test=100)
    n_train, n_test = min(preset.data.n_train, 4000), min(preset.data.n_test, 300)
    data = replace(preset.data, n_train=n_train, n_test=n_test)
    if preset.data.kind.startswith("multi-mnist"):
        data = replace(data, digits="bundled")
    preset = replace(preset, data=data, training=training)
    if isinstance(preset, DRAWPreset):
        model = replace(preset.model, n_steps=10, n_hidden=64)
        return replace(preset, model=model, growth=((0, 5), (200, 10)))
    return preset


def scaled(
    quickly: bool, seeds: Sequence[int], *presets: Scalable
) -> tuple[Sequence[Scalable], Sequence[int]]:
    """Return presets and their seeds; of the quick version, scaled down, and the first seed."""
    return ([quick(preset) for preset in presets], seeds[:1]) if quickly else (presets, seeds)
