"""`airscene.fit`: train a model from nothing, by a preset or the name of one."""

from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.data.images import Paths
from airscene.errors import InputError
from airscene.experiments import PRESETS
from airscene.experiments.preset import Preset
from airscene.experiments.run import run
from airscene.inference.model import Model


def fit(
    preset: Preset | str,
    out: str | Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    images: Paths | None = None,
    console: Console | None = None,
    **options: Any,
) -> Model:
    """Train a model from nothing and leave everything about the run in a folder.

    The folder gets `config.json`, `metrics.jsonl`, `checkpoints/`, `stages/`, `evaluation.json`,
    `scenes.json`, `figures/`, `report.html` and `model.safetensors`.

        airscene.fit("multi-mnist-fast", "runs/second", seed=2, steps=2000)
        airscene.fit("images", "runs/mine", images=array, object_size=0.3)

    Args:
        preset: What to train on what, and how; or the name of a preset.
        out: The run's folder; must not exist, unless the run is resumed.
        resume: Go on with the run in `out` from its newest checkpoint.
        tensorboard: Also write TensorBoard's event files.
        images: For the preset `images`: an array, or paths as `airscene infer` takes them.
        console: Where progress is shown; standard error if not given.
        options: Fields of the preset's data, model or training, to change.

    Returns:
        The trained model.

    Raises:
        InputError: If the folder exists, is not writable, or is of another configuration; if there
            is no data; or if training fails.
    """
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise InputError(f"there is no preset {preset!r}; there are: {', '.join(PRESETS)}")
        preset = PRESETS[preset]
    return run(
        preset.override(**options),
        Path(out),
        resume=resume,
        tensorboard=tensorboard,
        images=images,
        console=console,
    )
