"""One run of a preset of inverse graphics: folder, training, evaluation, pictures, weights."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
from rich.console import Console

from airscene.evaluation.renders import make_evaluate
from airscene.graphics import Renderer, RenderPool
from airscene.inference.worlds import world_text
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.supervised import train_supervised
from airscene.inverse.train import train_inverse
from airscene.model.weights import load_module, save_weights
from airscene.runs.folder import check_config, check_folder, write_config, write_json
from airscene.runs.identity import identity
from airscene.runs.scene_pictures import draw_scene_figures, write_scene_report
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool
from airscene.runs.scene_watch import SceneWatch
from airscene.training.record import check_tensorboard


def run_scenes(
    preset: ScenePreset,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    make: Callable[[], Renderer] | None = None,
    console: Console | None = None,
) -> InverseAIR:
    """Make a run of inverse graphics, or go on with it.

    The folder gets `config.json`, `metrics.jsonl`, `checkpoints/`, `stages/`, `evaluation.json`,
    `scenes.json`, `figures/`, `report.html` and, when all that is there, `model.safetensors`.

    Args:
        preset: What to train on what, and how.
        folder: The run's folder; must not exist, unless the run is resumed.
        resume: Go on with the run from its newest checkpoint. Of a complete one nothing is left to
            do.
        tensorboard: Also write TensorBoard's event files.
        make: Makes the renderer, in each worker; MuJoCo's if not given. `config.json` says nothing
            of it.
        console: Where progress is shown; standard error if not given.

    Returns:
        The trained model.

    Raises:
        InputError: If the folder exists, is not writable, or is of another configuration; if
            MuJoCo, or a library to draw with, is missing; or if training fails.
        Interrupted: If SIGINT or SIGTERM came while it trained; the state is saved first.
    """
    console = console or Console(stderr=True)
    check_folder(folder, resume)
    if tensorboard:
        check_tensorboard()
    this = identity(preset.name, preset.training.seed, preset, number=preset.number)
    check_config(folder, preset, this)
    weights = folder / "model.safetensors"
    if weights.is_file():
        # The run is complete, and nothing is left to do.
        return load_module(weights, InverseAIR, InverseConfig)
    # Before anything is written: there may be nothing to draw with.
    with make_pool(preset, make) as pool:
        console.print(
            f"{preset.name}: scenes drawn by {pool.name}, {pool.n_workers} at a time",
            highlight=False,
            soft_wrap=True,
        )
        # Before anything is written too: its scenes may not be possible.
        watch = SceneWatch(folder / "stages", preset, pool)
        write_config(folder, preset, this)
        # Compiled whole: one by one, the layers' initial weights take seconds.
        key = jax.random.key(preset.training.seed)
        model = eqx.filter_jit(InverseAIR)(preset.model, key=key)
        if not watch.stages(1, 0):
            watch(model, 0)
        train = train_inverse
        if preset.labels:
            train = partial(train_supervised, order=preset.labels)
        model = train(
            model,
            partial(draw_scenes, preset),
            pool,
            preset.training,
            evaluate=watch,
            folder=folder,
            resume=resume,
            tensorboard=tensorboard,
            console=console,
        )
        evaluation = measure(preset, model, pool)
        write_json(folder / "evaluation.json", evaluation)
        watch.scenes(model, folder.name).save(folder / "scenes.json")
        figures = draw_scene_figures(preset, watch, pool, folder)
    write_scene_report(preset, folder, evaluation, figures)
    # Last, as it is what says that the run is complete.
    likelihood = json.dumps(preset.training.likelihood)
    save_weights(model, weights, world=world_text(preset.scenes), likelihood=likelihood)
    return model


def measure(preset: ScenePreset, model: InverseAIR, pool: RenderPool) -> dict[str, float]:
    """Return how near what a trained model infers of held-out scenes is to the truth.

    Args:
        preset: The preset.
        model: The model.
        pool: Draws its scenes.

    Returns:
        What `airscene.evaluation.renders.make_evaluate` measures, and the number of `scenes`.

    Raises:
        RendererError: If the renderer fails.
    """
    truth = draw_scenes(preset, preset.n_test, seed=TEST_SEED)
    evaluate = make_evaluate(truth, pool, preset.scenes, preset.training.likelihood)
    measured = evaluate(model, preset.training.steps)
    return {**measured, "scenes": preset.n_test}
