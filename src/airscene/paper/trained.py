"""Trained models that results share: each run is made once, whichever result asks first."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from airscene.paper.result import Row, Unit, of_run
from airscene.runs.preset import Preset
from airscene.training.config import LoopConfig

if TYPE_CHECKING:
    pass

# Count accuracy whose time is reported, on the held-out scenes counted while training.
REACHED = 0.98


@runtime_checkable
class Trainable(Protocol):
    """A preset of any kind: it has a name, and a training with a seed."""

    name: str
    training: LoopConfig


def run_folder(preset: Trainable, runs: Path) -> Path:
    """Return the folder of a preset's run, named for the preset and the seed."""
    return runs / f"{preset.name}-{preset.training.seed}"


def trained(preset: Trainable, runs: Path) -> Any:
    """Return the model that a preset trains, from its run folder.

    Args:
        preset: The preset, with its seed.
        runs: Folder of all runs. A run that is not there is made; one that was cut short goes on.

    Returns:
        The model.

    Raises:
        InputError: If training fails, or (`InTheWay`) a run of another configuration is there.
    """
    # Here, as JAX takes a second to import.
    from airscene.runs.run import run
    from airscene.runs.tasks import make_task

    folder, task = run_folder(preset, runs), make_task(preset)
    model = run(task, folder, resume=(folder / "config.json").is_file())
    return task.inferrer(model, folder.name)


def training_units(preset: Preset, seeds: Sequence[int]) -> tuple[Unit, ...]:
    """Return the units whose rows are what a preset's runs reach, one for each seed."""
    presets = [preset.override(seed=seed) for seed in seeds]
    return tuple(Unit(p.name, p.training.seed, p, partial(training_row, p)) for p in presets)


def training_row(preset: Preset, runs: Path) -> dict[str, Any]:
    """Return what one run of a preset reached on its held-out scenes, and how fast."""
    trained(preset, runs)
    # Here, as it imports more than the command line's help should wait for.
    from airscene.training.record import read_metrics

    folder = run_folder(preset, runs)
    rows = read_metrics(folder / "metrics.jsonl")
    reached = [r["seconds"] for r in rows if r.get("count_accuracy", 0.0) >= REACHED]
    return {
        **json.loads((folder / "evaluation.json").read_text()),
        "seconds": rows[-1]["seconds"],
        "seconds_to_98": reached[0] if reached else None,
        "steps": rows[-1]["step"],
        "object_size": json.loads((folder / "config.json").read_text())["model"]["object_size"],
    }


def draw_training(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    """Draw the figures of training runs: over the seeds of each preset, and of its first run."""
    # Here, as it imports JAX, which takes a second.
    from airscene.paper.seeds import draw_seeds

    for run in dict.fromkeys(row["run"] for row in rows):
        folders = {row["seed"]: runs / f"{run}-{row['seed']}" for row in of_run(rows, run)}
        # A row may be of a run that was made elsewhere, whose folder is not here.
        draw_seeds(run, {s: f for s, f in folders.items() if f.is_dir()}, figures)
