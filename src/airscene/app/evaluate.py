"""`airscene evaluate`: a model against scenes whose truth is known."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console

from airscene.errors import InputError, check_option, check_steps
from airscene.files import write_atomic
from airscene.images.config import DataConfig
from airscene.runs.preset import Preset, run_data
from airscene.runs.presets import PRESETS

if TYPE_CHECKING:
    from airscene.inference import Model, PatchModel, SceneModel

# What DATA may name; anything else is a folder.
_DATA = ("multi-mnist", "multi-mnist-shrunk", "sprites")

_FOLDER = "name a folder with images/NAME.png and masks/NAME.png to measure on"

# Held-out scenes of a model of 3-D scenes.
_SCENES_3D = 1000


@dataclass(frozen=True)
class Evaluate:
    """Measure a model on held-out scenes: counts, boxes or poses, the bound, as JSON.

    MODEL is a run folder, a .safetensors file or the name of bundled weights. DATA is
    multi-mnist, multi-mnist-shrunk or sprites; if not given, the one that the run was trained on.
    For a model that gives masks, DATA is a folder of your own with images/NAME.png and
    masks/NAME.png, in which 0, or the colour at the border, is the ground and each other number or
    colour an object; its counts and masks are measured. A model of 3-D scenes is measured on scenes
    of its world, and that of a run folder on such as it was trained on: DATA, --digits and --steps
    are not for it.

    Example: airscene evaluate multi-mnist multi-mnist-shrunk --scenes 2000

    Args:
        model: The model.
        data: The data set, or a folder.
        scenes: Number of held-out scenes; as the experiment has it if not given, 1,000 in 3-D.
        digits: Where MNIST comes from, "auto", "bundled" or a folder; as the experiment has it if
            not given.
        steps: Largest count, of which there may be more than in training; the model's own if not
            given.
        out: JSON file for the numbers; standard output if not given.
    """

    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    data: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")] = None
    scenes: int | None = None
    digits: str | None = None
    steps: int | None = None
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None

    def run(self, console: Console) -> None:
        """Evaluate, and write the numbers.

        Raises:
            InputError: If the model or an option is wrong, there is no such data, or it is in
                colour and the model grey, or the reverse.
        """
        check_steps(self.steps)
        if self.scenes is not None:
            check_option("scenes", self.scenes, self.scenes >= 1, "a whole number of at least 1")
        if self.out and self.out.suffix != ".json":
            raise InputError(f"--out is {self.out}; it should be the name of a .json file")
        # Here, as JAX takes a second to import, which a wrong option need not wait for.
        from airscene.inference import PatchModel, SceneModel, load

        model = load(self.model)
        if isinstance(model, SceneModel):
            measured = self._in_3d(model, console)
        elif isinstance(model, PatchModel):
            measured = self._with_masks(model, console)
        else:
            measured = self._in_2d(model, console)
        text = json.dumps({"model": self.model, **measured}, indent=1) + "\n"
        if self.out:
            write_atomic(self.out, text.encode())
            console.print(f"The numbers: {self.out}")
        else:
            sys.stdout.write(text)

    def _in_2d(self, model: "Model", console: Console) -> dict[str, Any]:
        from airscene.evaluation.evaluate import check_channels, evaluate

        if self.steps is not None:
            model = model.with_steps(self.steps)
        truth = self._data_config().load("test")
        check_channels(model, truth)
        console.print(f"{model!r} on {truth!r}")
        return evaluate(model, truth)

    def _with_masks(self, model: "PatchModel", console: Console) -> dict[str, Any]:
        from airscene.evaluation.masked import evaluate_masked
        from airscene.images.sets.masked import masked_scenes

        if self.steps is not None:
            raise InputError(f"--steps: {model!r} counts any number of objects; leave it out")
        if self.data is None:
            try:
                config = self._data_config()
            except InputError:
                raise InputError(
                    f"no truth is known of what {self.model} was trained on; {_FOLDER}"
                ) from None
            truth = config.load("test")
            console.print(f"{model!r} on {truth!r}")
            return evaluate_masked(model, truth)
        for name in ("scenes", "digits"):
            if getattr(self, name) is not None:
                raise InputError(f"--{name} is not for a folder; leave it out")
        if self.data in ("", *_DATA):
            raise InputError(f"DATA is {self.data!r}, which is not for {model!r}; {_FOLDER}")
        truth = masked_scenes(self.data)
        console.print(f"{model!r} on {truth!r}")
        measured = evaluate_masked(model, truth)
        # The folder does not say what lies on what.
        del measured["depth_order"]
        return measured

    def _in_3d(self, model: "SceneModel", console: Console) -> dict[str, Any]:
        from airscene.evaluation.renders import evaluate_scenes
        from airscene.graphics import sample_scenes
        from airscene.inference.worlds import world_name
        from airscene.runs.preset import run_scene_options
        from airscene.runs.scene_source import TEST_SEED

        for name in ("data", "digits", "steps"):
            if getattr(self, name) is not None:
                shown = "DATA" if name == "data" else f"--{name}"
                raise InputError(
                    f"{shown} is for models of images in 2-D; {model!r} is measured on its world"
                )
        n, presence = self.scenes or _SCENES_3D, model.air.config.presence
        is_run = (Path(self.model) / "config.json").is_file()
        options = run_scene_options(Path(self.model)) if is_run else {}
        truth = sample_scenes(model.world, n, seed=TEST_SEED, presence=presence, **options)
        kind = "" if options.get("repeats", True) else ", without repeats"
        kind += ", of random looks" if options.get("look") else ""
        world = world_name(model.world)
        console.print(f"{model!r} on {n:,} held-out scenes of the world {world}{kind}")
        return evaluate_scenes(model, truth)

    def _data_config(self) -> DataConfig:
        if self.data is not None:
            if self.data not in _DATA:
                wanted = f"it should be one of {', '.join(_DATA)}"
                if Path(self.data).is_dir():
                    wanted = f"a folder is for models that give masks; {wanted}"
                raise InputError(f"DATA is {self.data!r}; {wanted}")
            config = DataConfig(kind=self.data)  # pyright: ignore[reportArgumentType]  # checked
        else:
            config = _trained_on(self.model)
        if self.digits is not None and "digits" in config.unused():
            raise InputError(f"--digits is not for {config.kind}; leave it out")
        changes = {"n_test": self.scenes, "digits": self.digits}
        return replace(config, **{k: v for k, v in changes.items() if v is not None})


def _trained_on(model: str) -> DataConfig:
    """The data of a run folder or of bundled weights, which are named for their experiment."""
    if (Path(model) / "config.json").is_file():
        config = run_data(Path(model))
    elif isinstance(preset := PRESETS.get(model), Preset):
        config = preset.data
    else:
        raise InputError(f"what {model} was trained on is not known; name the DATA to measure on")
    if config.kind in ("images", "omniglot"):
        raise InputError(
            f"{model} was trained on images whose truth is not known; name the DATA to measure on"
        )
    return config
