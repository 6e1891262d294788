"""`airscene train`: train a model from nothing, or go on with a run."""

import json
import shlex
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from airscene.errors import InputError
from airscene.graphics.mujoco.mjcf import bounding_footprints, check_mujoco
from airscene.graphics.world import TABLETOP, World
from airscene.inverse.config import InverseConfig, InverseTrainConfig, Order
from airscene.model.config import AIRConfig
from airscene.runs.preset import DataConfig
from airscene.runs.presets import PRESETS, SCENE_PRESETS, own_scenes
from airscene.training.config import TrainConfig

NEEDS_3D = "Needs MuJoCo: pip install 'airscene[3d]'."


@dataclass(frozen=True)
class Run:
    """What `train` is told of one experiment.

    Args:
        experiment: Name of the preset.
        data: The images.
        model: The model.
        training: The training.
        out: Folder of the run; runs/EXPERIMENT if not given.
        resume: Go on with the run in that folder from its newest checkpoint.
        tensorboard: Also write TensorBoard's event files.
    """

    experiment: tyro.conf.Suppress[str]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resume: bool = False
    tensorboard: bool = False
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    model: AIRConfig = field(default_factory=AIRConfig)


@dataclass(frozen=True)
class SceneRun:
    """What `train` is told of one experiment of inverse graphics.

    Args:
        experiment: Name of the preset.
        model: The model.
        training: The training.
        labels: Train with labels, in this order (the supervised network); None without any.
        out: Folder of the run; runs/EXPERIMENT if not given.
        resume: Go on with the run in that folder from its newest checkpoint.
        tensorboard: Also write TensorBoard's event files.
    """

    experiment: tyro.conf.Suppress[str]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resume: bool = False
    tensorboard: bool = False
    labels: Order | None = None
    training: InverseTrainConfig = field(default_factory=InverseTrainConfig)
    model: InverseConfig = field(default_factory=InverseConfig)


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

    world: World
    experiment: tyro.conf.Suppress[str] = _OWN.name
    training: InverseTrainConfig = _OWN.training


_PRESET_RUN = tyro.extras.subcommand_type_from_defaults(
    {
        **{
            p.name: Run(p.name, data=p.data, model=p.model, training=p.training)
            for p in PRESETS.values()
        },
        **{
            p.name: SceneRun(p.name, model=p.model, training=p.training)
            for p in SCENE_PRESETS.values()
        },
    },
    descriptions={
        **{
            p.name: f"{p.about}\n\nExample: airscene train {p.name} {p.example}".rstrip()
            for p in PRESETS.values()
        },
        **{
            p.name: f"{p.about} {NEEDS_3D}\n\nExample: airscene train {p.name} --seed 2"
            for p in SCENE_PRESETS.values()
        },
    },
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

    run_: _PRESET_RUN | _OWN_RUN

    def run(self, console: Console) -> None:
        """Train, and say what was reached and where to look.

        Args:
            console: Where progress and the summary go.

        Raises:
            InputError: If an option, the data or the folder is wrong.
            KeyboardInterrupt: If the run was stopped; with what to type to go on.
        """
        # Here, as JAX takes a second to import, which `--help` need not wait for.
        from airscene.training.loop import Interrupted

        given = self.run_
        folder = given.out or Path("runs") / given.experiment
        try:
            _train(given, folder, console)
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


def _train(given: Run | SceneRun, folder: Path, console: Console) -> None:
    # Here, as JAX takes a second to import, which `--help` need not wait for.
    from airscene.runs.fit import fit

    options = {"resume": given.resume, "tensorboard": given.tensorboard, "console": console}
    if isinstance(given, SceneRun):
        model, scenes = given.model, SCENE_PRESETS.get(given.experiment)
        if isinstance(given, OwnSceneRun):
            scenes = own_scenes(_whole(given.world))
            own = {name: getattr(model, name) for name in ("presence", "network", "n_hidden")}
            model = replace(scenes.model, **own)
        _check_training(given, scenes.training)
        scenes = replace(scenes, model=model, training=given.training, labels=given.labels)
        fit(scenes, folder, **options)
    else:
        preset = PRESETS[given.experiment]
        preset = replace(preset, data=given.data, model=given.model, training=given.training)
        fit(preset, folder, **options)


def _check_training(given: SceneRun, usual: InverseTrainConfig) -> None:
    """Refuse options that would do nothing.

    Raises:
        InputError: If one is given.
    """
    training, idle, why = given.training, (), ""
    if given.labels:
        idle, why = _WITHOUT_LABELS, "with --labels"
    elif training.estimator != "enumerated":
        idle, why = _ENUMERATED, f"with the estimator {training.estimator}"
    for name in idle:
        if getattr(training, name) != getattr(usual, name):
            raise InputError(f"--{name} does nothing {why}; leave it out")


def _whole(world: World) -> World:
    """A world of the command line with what the weights need that are to be used anywhere.

    Raises:
        InputError: If MuJoCo is missing, or does not take the file.
    """
    check_mujoco()
    world = replace(world, mjcf=str(Path(world.mjcf).absolute()))
    return replace(world, footprints=bounding_footprints(world))


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
