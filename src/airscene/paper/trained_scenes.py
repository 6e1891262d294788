"""Trained models of inverse graphics that results share: each run is made once."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airscene.paper.result import Unit
from airscene.paper.trained import run_folder, trained
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import make_pool

if TYPE_CHECKING:
    from airscene.inverse.model import InverseAIR


def trained_scenes(preset: ScenePreset, runs: Path) -> "InverseAIR":
    """Return the model that a preset trains, from its run folder.

    Args:
        preset: The preset, with its seed.
        runs: Folder of all runs. A run that is not there is made; one that was cut short goes on.

    Returns:
        The model.

    Raises:
        InputError: If training fails, or a run of another configuration is in the way.
    """
    return trained(preset, runs).air


def scenes_row(preset: ScenePreset, runs: Path) -> dict[str, Any]:
    """Return how near what a run's model infers of held-out scenes is to the truth."""
    model = trained_scenes(preset, runs)
    # Here, as they import more than the command line's help should wait for.
    from airscene.runs.tasks.rendered import measure
    from airscene.training.record import read_metrics

    last = read_metrics(run_folder(preset, runs) / "metrics.jsonl")[-1]
    with make_pool(preset) as pool:
        measured = measure(preset, model, pool)
    return {**measured, "steps": last["step"], "seconds": last["seconds"]}


def scene_units(preset: ScenePreset, seeds: Sequence[int]) -> tuple[Unit, ...]:
    """Return the units whose rows are what a preset's runs reach, one for each seed."""
    presets = [preset.override(seed=seed) for seed in seeds]
    return tuple(Unit(p.name, p.training.seed, p, partial(scenes_row, p)) for p in presets)
