"""One run of a preset: folder, data, training, evaluation, pictures, report, weights."""

import hashlib
from pathlib import Path

import equinox as eqx
import jax
from rich.console import Console

from airscene.evaluation.evaluate import evaluate
from airscene.images.load import Paths
from airscene.inference import Model, load
from airscene.model.air import AIR
from airscene.model.weights import save_weights
from airscene.runs.folder import check_config, check_folder, write_config, write_json
from airscene.runs.identity import identity
from airscene.runs.pictures import draw_figures, write_report
from airscene.runs.preset import Preset, channels_first
from airscene.runs.watch import Watch
from airscene.training.air import train_air
from airscene.training.record import check_tensorboard


def run(
    preset: Preset,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    images: Paths | None = None,
    console: Console | None = None,
) -> Model:
    """Make a run, or go on with it; `airscene.fit` says more.

    Args:
        preset: What to train on what, and how.
        folder: The run's folder; must not exist, unless the run is resumed.
        resume: Go on with the run from its newest checkpoint. Of a complete one nothing is left to
            do.
        tensorboard: Also write TensorBoard's event files.
        images: For the preset `images`: an array, or paths as `airscene infer` takes them.
        console: Where progress is shown; standard error if not given.

    Returns:
        The trained model.

    Raises:
        InputError: If the folder exists, is not writable, or is of another configuration; if there
            is no data; or if training fails.
    """
    console = console or Console(stderr=True)
    check_folder(folder, resume)
    if tensorboard:
        check_tensorboard()
    preset, training, held_out = preset.load(images)
    # The images too decide the result: those that a name stands for may have changed.
    digest = hashlib.sha256(training.images.tobytes()).hexdigest()
    seed, number = preset.training.seed, preset.number
    this = identity(preset.name, seed, preset, number=number, images_sha256=digest)
    check_config(folder, preset, this)
    console.print(f"{preset.name}: {training.source}", highlight=False, soft_wrap=True)
    if (folder / "model.safetensors").is_file():
        # The run is complete, and nothing is left to do.
        return load(folder)
    write_config(folder, preset, this)
    watch = Watch(folder / "stages", held_out)
    # Compiled whole: one by one, the layers' initial weights take seconds.
    air = eqx.filter_jit(AIR)(preset.model, key=jax.random.key(preset.training.seed))
    air = train_air(
        air,
        channels_first(training.images),
        preset.training,
        folder=folder,
        evaluate=watch,
        resume=resume,
        tensorboard=tensorboard,
        console=console,
    )
    model = Model(air, folder.name)
    evaluation = evaluate(model, held_out) if held_out.counts.min() >= 0 else {}
    write_json(folder / "evaluation.json", evaluation)
    model.infer(held_out.images[watch.shown]).save(folder / "scenes.json")
    figures = draw_figures(model, held_out, watch, preset.training.seed, folder)
    write_report(preset, folder, evaluation, figures)
    # Last, as it is what says that the run is complete.
    save_weights(air, folder / "model.safetensors")
    return model
