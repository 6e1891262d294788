"""One run: folder, training, evaluation, pictures, report, weights; the same for every task."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.evaluation import html_report
from airscene.files import write_atomic
from airscene.model.weights import UNFINISHED, save_weights
from airscene.runs.folder import check_config, check_folder, write_config, write_json
from airscene.runs.stages import Stages
from airscene.runs.task import Network, Pictures, Task
from airscene.schema import whole
from airscene.training.record import check_tensorboard, read_metrics


def run(
    task: Task[Network],
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    console: Console | None = None,
) -> Network:
    """Make a run, or go on with it.

    The folder gets `config.json`, `metrics.jsonl`, `checkpoints/`, `stages/`, `evaluation.json`,
    `scenes.json` and what else the task makes of it, `figures/`, `report.html` and, when all that
    is there, `model.safetensors`. Until then `unfinished.safetensors` is the model as it was last
    evaluated.

    Args:
        task: What to train.
        folder: The run's folder; must not exist, unless the run is resumed.
        resume: Go on with the run from its newest checkpoint. A complete run is only read.
        tensorboard: Also write TensorBoard's event files.
        console: Where progress is shown; standard error if not given.

    Returns:
        The trained model.

    Raises:
        InputError: If the folder exists, is not writable, or is of another configuration; if what
            draws or the data are missing; or if training fails.
        Interrupted: If SIGINT or SIGTERM came while it trained; the state is saved first.
    """
    console = console or Console(stderr=True)
    check_folder(folder, resume)
    if tensorboard:
        check_tensorboard()
    check_config(folder, task.preset, task.identity)
    weights = folder / "model.safetensors"
    if weights.is_file():
        # The run is complete.
        return task.load(weights)
    # Before anything is written: there may be nothing to train on.
    with task:
        console.print(f"{task.name}: {task.source}", highlight=False, soft_wrap=True)
        task.prepare()
        model = task.initial_model()
        write_config(folder, task.preset, task.identity)
        stages = Stages(folder / "stages")

        def watch(model: Network, step: int) -> dict[str, Any]:
            measured, stage = task.watch(model, step)
            stages.keep(step, stage)
            # What a run that is stopped has learnt can be used.
            save_weights(model, folder / UNFINISHED, **task.metadata())
            return measured

        if task.stage_at_start and not stages.read(1, 0):
            watch(model, 0)
        model = task.train(
            model,
            evaluate=watch,
            folder=folder,
            resume=resume,
            tensorboard=tensorboard,
            console=console,
        )
        evaluation, metadata = task.evaluate(model), task.calibrate(model)
        write_json(folder / "evaluation.json", evaluation)
        if (scenes := task.scenes(model, folder.name)) is not None:
            scenes.save(folder / "scenes.json")
            for name, content in task.files(scenes).items():
                write_atomic(folder / name, content)
        rows = read_metrics(folder / "metrics.jsonl")
        pictures = task.pictures(model, stages, rows)
    for name, (_, picture) in pictures.items():
        picture.save(folder / "figures" / f"{name}{picture.suffix}")
    _write_report(task, folder, rows, evaluation, pictures)
    # Last, as it is what says that the run is complete.
    save_weights(model, weights, **task.metadata(), **metadata)
    (folder / UNFINISHED).unlink(missing_ok=True)
    return model


def _write_report(
    task: Task,
    folder: Path,
    rows: list[dict[str, Any]],
    evaluation: Mapping[str, Any],
    pictures: Pictures,
) -> None:
    figures = {caption: picture.data for caption, picture in pictures.values()}
    page = html_report(folder.name, whole(task.preset), rows, evaluation, figures)
    write_atomic(folder / "report.html", page.encode())
