"""Tasks: what is trained in a run, one file each; a new one is a file and a line in `TASKS`."""

from collections.abc import Callable
from typing import Any

from airscene.runs.preset import MaskedPreset, PatchPreset, Preset, ScenePreset
from airscene.runs.presets.baselines import CAEPreset, DRAWPreset
from airscene.runs.task import Task
from airscene.runs.tasks.baselines import CAETask, DRAWTask
from airscene.runs.tasks.images import ImageTask
from airscene.runs.tasks.masked import MaskedTask
from airscene.runs.tasks.own import OwnTask
from airscene.runs.tasks.rendered import RenderedTask, SupervisedTask

TASKS: dict[type, Callable[..., Task]] = {
    Preset: ImageTask,
    PatchPreset: OwnTask,
    MaskedPreset: MaskedTask,
    ScenePreset: lambda preset, **given: (SupervisedTask if preset.labels else RenderedTask)(
        preset, **given
    ),
    DRAWPreset: DRAWTask,
    CAEPreset: CAETask,
}


def make_task(preset: Any, **given: Any) -> Task:
    """Make the task of a preset.

    Args:
        preset: A preset of any kind.
        given: What the task takes beside it: `images` of one's own, or `make` for a renderer.
    """
    return TASKS[type(preset)](preset, **given)
