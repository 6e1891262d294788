"""`airscene train`: train a model from nothing, or go on with a run."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from airscene.app.options import config_of, options_of
from airscene.errors import InputError
from airscene.graphics.mujoco.mjcf import bounding_footprints, check_mujoco
from airscene.graphics.world import TABLETOP, World
from airscene.images.config import DataConfig
from airscene.images.own import OwnConfig
from airscene.inverse.config import InverseConfig, InverseTrainConfig, Order
from airscene.model.config import AIRConfig
from airscene.model.patch.config import PatchConfig
from airscene.runs.preset import MaskedPreset, PatchPreset, Preset, ScenePreset
from airscene.runs.presets import PRESETS, own_scenes
from airscene.training.config import PatchTrainConfig, TrainConfig

NEEDS_3D = "Needs MuJoCo: pip install 'airscene[3d]'."


@dataclass(frozen=True)
class _Run:
    """What `train` is told of any preset.

    Args:
        experiment: Name of the preset.
        out: Folder of the run; in runs/, by the name of the preset, if not given.
        resume: Go on with the run in that folder from its newest checkpoint.
        tensorboard: Also write TensorBoard's event files.
    """

    experiment: tyro.conf.Suppress[str]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resume: bool = False
    tensorboard: bool = False


@dataclass(frozen=True)
class ImageRun(_Run):
    """What `train` is told of a preset of images.

    Args:
        data: The images.
        training: The training.
        model: The model.
    """

    data: DataConfig = field(default_factory=DataConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    model: AIRConfig = field(default_factory=AIRConfig)

    @classmethod
    def of(cls, preset: Preset | MaskedPreset) -> "ImageRun":
        """Return what a preset says, without options that do nothing in it."""
        data = options_of(preset.data, preset.data.unused())
        training = options_of(preset.training)
        unused = preset.model.unused() if isinstance(preset, Preset) else ()
        model = options_of(preset.model, unused)
        return cls(preset.name, data=data, training=training, model=model)

    def preset(self) -> Any:
        """Return the preset to train."""
        parts = {name: config_of(getattr(self, name)) for name in ("data", "training", "model")}
        usual: Any = PRESETS[self.experiment]
        return replace(usual, **parts)


@dataclass(frozen=True)
class MaskedRun(ImageRun):
    """What `train` is told of a model of patches, on scenes whose masks are known."""

    training: PatchTrainConfig = field(default_factory=PatchTrainConfig)  # pyright: ignore
    model: PatchConfig = field(default_factory=PatchConfig)  # pyright: ignore


@dataclass(frozen=True)
class OwnRun(MaskedRun):
    """What `train` is told of images of one's own.

    Args:
        data: The images.
    """

    data: OwnConfig = field(default_factory=OwnConfig)  # pyright: ignore[reportIncompatibleVariableOverride]

    @classmethod
    def of(cls, preset: Any) -> "OwnRun":
        """Return what a preset says."""
        parts = (preset.data, preset.training, preset.model)
        data, training, model = map(options_of, parts)
        return cls(preset.name, data=data, training=training, model=model)


@dataclass(frozen=True)
class SceneRun(_Run):
    """What `train` is told of a preset of inverse graphics.

    Args:
        labels: Train with labels, in this order (the supervised network); None without any.
        training: The training.
        model: The model.
    """

    labels: Order | None = None
    training: InverseTrainConfig = field(default_factory=InverseTrainConfig)
    model: InverseConfig = field(default_factory=InverseConfig)

    @classmethod
    def of(cls, preset: ScenePreset) -> "SceneRun":
        """Return what a preset says."""
        training, model = options_of(preset.training), options_of(preset.model)
        return cls(preset.name, training=training, model=model)

    def preset(self) -> ScenePreset:
        """Return the preset to train.

        Raises:
            InputError: If an option is given that would do nothing.
        """
        usual = PRESETS[self.experiment]
        assert isinstance(usual, ScenePreset)
        return self._changed(usual, config_of(self.model))

    def _changed(self, usual: ScenePreset, model: InverseConfig) -> ScenePreset:
        training, idle, why = config_of(self.training), (), ""
        if self.labels:
            idle, why = _WITHOUT_LABELS, "with --labels"
        elif training.estimator != "enumerated":
            idle, why = _ENUMERATED, f"with the estimator {training.estimator}"
        for name in idle:
            if getattr(training, name) != getattr(usual.training, name):
                raise InputError(f"--{name.replace('_', '-')} does nothing {why}; leave it out")
        return replace(usual, model=model, training=training, labels=self.labels)


# Options of training that only the enumerated estimator has, and that only training without labels
# has.
_ENUMERATED = ("prefix", "cross_entropy")
_WITHOUT_LABELS = ("estimator", "anneal", "floor", "release", *_ENUMERATED)

# What `scenes` has of any world.
_OWN = own_scenes(TABLETOP)


@dataclass(frozen=True, kw_only=True)
class OwnSceneRun(SceneRun):
    """What `train` is told of scenes of one's own.

    Args:
        world: What the scenes may hold.
    """

    world: options_of(World)  # pyright: ignore[reportInvalidTypeForm]  # tyro reads it
    experiment: tyro.conf.Suppress[str] = _OWN.name
    training: InverseTrainConfig = options_of(_OWN.training)
    model: InverseConfig = options_of(InverseConfig())

    def preset(self) -> ScenePreset:
        """Return the preset to train: its world with what weights need that are used anywhere.

        Raises:
            InputError: If MuJoCo is missing, or does not take the file, or an option does nothing.
        """
        check_mujoco()
        world = config_of(self.world)
        world = replace(world, mjcf=str(Path(world.mjcf).absolute()))
        usual = own_scenes(replace(world, footprints=bounding_footprints(world)))
        given = {name: getattr(self.model, name) for name in ("presence", "network", "n_hidden")}
        return self._changed(usual, replace(usual.model, **given))


def _said_of(preset: Any) -> str:
    """The help of a preset."""
    if isinstance(preset, ScenePreset):
        return f"{preset.about} {NEEDS_3D}\n\nExample: airscene train {preset.name} --seed 2"
    return f"{preset.about}\n\nExample: airscene train {preset.name} {preset.example}".rstrip()


_RUNS = {Preset: ImageRun, PatchPreset: OwnRun, MaskedPreset: MaskedRun, ScenePreset: SceneRun}

_PRESET_RUN = tyro.extras.subcommand_type_from_defaults(
    {
        name: _RUNS[type(preset)].of(preset)  # pyright: ignore[reportArgumentType]  # by its type
        for name, preset in PRESETS.items()
    },
    descriptions={name: _said_of(preset) for name, preset in PRESETS.items()},
)


_OWN_RUN = Annotated[
    OwnSceneRun,
    tyro.conf.subcommand(
        _OWN.name,
        description=f"{_OWN.about} {NEEDS_3D}\n\nExample: airscene train scenes "
        "--mjcf kitchen.xml --types mug bowl --camera front",
    ),
]


@dataclass(frozen=True)
class Train:
    """Train a model from nothing, or go on with a run that was stopped.

    Everything about the run is left in one folder: report.html is the place to look first,
    model.safetensors is the model.

    Example: airscene train multi-mnist-fast --seed 2 --out runs/second

    To go on with it: the same command and --resume.

    Args:
        run_: The experiment.
    """

    run_: _PRESET_RUN | _OWN_RUN  # pyright: ignore[reportInvalidTypeForm]  # tyro reads it

    def run(self, console: Console) -> None:
        """Train, and say what was reached and where to look.

        Raises:
            InputError: If an option, the data or the folder is wrong.
            KeyboardInterrupt: If the run was stopped; with what to type to go on.
        """
        # Here, as JAX takes a second to import, which `--help` need not wait for.
        from airscene.runs.fit import fit
        from airscene.training.loop import Interrupted

        given = self.run_
        folder = given.out or Path("runs") / given.experiment
        options = {"resume": given.resume, "tensorboard": given.tensorboard, "console": console}
        try:
            fit(given.preset(), folder, **options)
        except (Interrupted, KeyboardInterrupt) as stop:
            what = str(stop) or "interrupted"
            raise KeyboardInterrupt(f"{what}; {_how_to_go_on(folder)}") from None
        evaluation = _read_evaluation(folder / "evaluation.json")
        if evaluation:
            console.print(_reached(evaluation))
        console.print(f"Look at {folder / 'report.html'}; the model is {folder}.")


def _read_evaluation(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"the run is complete, but what it reached cannot be read from {file} ({error}); "
            f"airscene evaluate {file.parent} measures it again"
        ) from error


def _how_to_go_on(folder: Path) -> str:
    """The command that goes on with the run, as far as there is one."""
    if not (folder / "config.json").is_file():
        return "nothing was written yet"
    arguments = [a for a in sys.argv[1:] if a != "--resume"]
    return f"go on with: airscene {shlex.join([*arguments, '--resume'])}"


def _reached(evaluation: dict[str, Any]) -> str:
    """What a run reached, in a line: of its evaluation, what a reader asks for first."""
    said = [f"{evaluation['count_accuracy']:.2%} of counts right"]
    if "elbo" in evaluation:
        said.append(f"ELBO {evaluation['elbo']:.1f} nats")
    if "identity_accuracy" in evaluation:
        said.append(f"{evaluation['identity_accuracy']:.2%} of types")
    if "position_error" in evaluation:
        error = evaluation["position_error"]
        said.append(f"median position error {error:.2%} of the table's width")
    if "camera_error" in evaluation:
        said.append(f"median camera error {evaluation['camera_error']:.1f} degrees")
    return f"On {evaluation['scenes']:,} held-out scenes: {', '.join(said)}."


def unused_option(arguments: Sequence[str]) -> str | None:
    """Say which option of a command line is of other experiments than that which it trains.

    Args:
        arguments: What follows `airscene train`.
    """
    preset = PRESETS.get(arguments[0]) if arguments else None
    if not isinstance(preset, (Preset, MaskedPreset)):
        return None
    for argument in arguments:
        name = argument.partition("=")[0].removeprefix("--").replace("-", "_")
        if argument.startswith("--") and name in preset.data.unused():
            return f"--{name.replace('_', '-')} is not for {preset.data.kind}"
    return None
