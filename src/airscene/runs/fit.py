"""`airscene.fit`: train a model from nothing, by a preset or the name of one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.errors import InputError
from airscene.graphics import Renderer
from airscene.images.load import Paths
from airscene.inference import Model, PatchModel, SceneModel
from airscene.runs.preset import MaskedPreset, PatchPreset, Preset, ScenePreset
from airscene.runs.presets import PRESETS
from airscene.runs.run import run
from airscene.runs.tasks import make_task


def fit(
    preset: Preset | PatchPreset | MaskedPreset | ScenePreset | str,
    out: str | Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    images: Paths | None = None,
    make: Callable[[], Renderer] | None = None,
    console: Console | None = None,
    **options: Any,
) -> Model | PatchModel | SceneModel:
    """Train a model from nothing and leave everything about the run in a folder.

    The folder gets `config.json`, `metrics.jsonl`, `checkpoints/`, `stages/`, `evaluation.json`,
    `scenes.json`, `figures/`, `report.html` and `model.safetensors`.

        airscene.fit("multi-mnist-fast", "runs/second", seed=2, steps=2000)
        airscene.fit("images", "runs/mine", images=array, object_size=0.3)
        airscene.fit("tabletop", "runs/tabletop", network="recurrent")
        airscene.fit(own_scenes(world), "runs/own", make=partial(FunctionRenderer, draw, (64, 64)))

    A script that trains in 3-D does so under `if __name__ == "__main__":`, as the processes that
    draw import it.

    Args:
        preset: What to train on what, and how; or the name of a preset.
        out: The run's folder; must not exist, unless the run is resumed.
        resume: Go on with the run in `out` from its newest checkpoint.
        tensorboard: Also write TensorBoard's event files.
        images: For the preset `images`: an array, or paths as `airscene infer` takes them.
        make: For scenes in 3-D: makes the renderer, in each of the processes that draw; MuJoCo's if
            not given.
        console: Where progress is shown; standard error if not given.
        options: Fields of the preset's data, model or training, to change.

    Returns:
        The trained model: a `SceneModel` of a preset of scenes in 3-D.

    Raises:
        InputError: If the folder exists, is not writable, or is of another configuration; if there
            is no data; if an option does not apply to the preset; or if training fails.
    """
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise InputError(f"there is no preset {preset!r}; there are: {', '.join(PRESETS)}")
        preset = PRESETS[preset]
    in_3d, given = isinstance(preset, ScenePreset), {"images": images, "make": make}
    for name, wanted in (("images", "the preset images"), ("make", "scenes in 3-D")):
        if given[name] is not None and in_3d != (name == "make"):
            are = "are" if name == "images" else "is"
            raise InputError(f"{name} {are} for {wanted}, not for {preset.name}")
    chosen = {"make": make} if in_3d else {"images": images}
    task, folder = make_task(preset.override(**options), **chosen), Path(out)
    model = run(task, folder, resume=resume, tensorboard=tensorboard, console=console)
    return task.inferrer(model, folder.name)
