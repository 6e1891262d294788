"""Figures over several runs of a preset: counts and bound by step, and where steps attend to."""

from pathlib import Path

import numpy as np

from airscene.evaluation import Curve, Picture, heatmaps, learning_curve, objective_curve
from airscene.files import write_atomic
from airscene.inference import load
from airscene.runs.preset import run_data
from airscene.runs.tasks.images import SCENES, step_centres
from airscene.training.record import read_metrics

# Figures of the first run of each preset that documents may show.
SHOWN = ("reconstructions.png", "samples.png", "learning.gif")


def draw_seeds(name: str, folders: dict[int, Path], figures: Path) -> None:
    """Draw the figures over all runs of a preset: counts and bound by step, where steps look.

    Pictures that show one run are copied from the first.

    Args:
        name: Name of the preset.
        folders: Run folder of each seed.
        figures: Folder for the pictures, each with its JSON.
    """
    if not folders:
        return
    metrics = {seed: read_metrics(f / "metrics.jsonl") for seed, f in folders.items()}

    def curves(key: str) -> list[Curve]:
        return [
            Curve(seed, *(np.array([row[k] for row in rows]) for k in ("step", key)))
            for seed, rows in metrics.items()
        ]

    learning_curve(curves("count_accuracy")).save(figures / f"{name}-counts.png")
    objective_curve(curves("objective")).save(figures / f"{name}-bound.png")
    seed_heatmaps(dict(list(folders.items())[:3])).save(figures / f"{name}-heatmaps.png")
    first = next(iter(folders.values())) / "figures"
    for shown in SHOWN:
        for file in (first / shown, (first / shown).with_suffix(".json")):
            write_atomic(figures / f"{name}-{file.name}", file.read_bytes())


def seed_heatmaps(folders: dict[int, Path]) -> Picture:
    """Draw where each step looks on held-out scenes, a panel for each run.

    Args:
        folders: Run folder of each seed, all of one preset.
    """
    held_out = run_data(next(iter(folders.values()))).load("test").images[:SCENES]
    centres = {}
    for seed, folder in folders.items():
        model = load(folder)
        inferred = model.infer_arrays(model.prepare(held_out)[1])
        centres[seed] = step_centres(inferred.windows, inferred.log_q)
    return heatmaps(centres, held_out.shape[1:3])
