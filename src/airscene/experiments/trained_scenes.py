"""Trained models of inverse graphics that results share: each run is made once."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airscene.experiments.result import Unit
from airscene.experiments.scene_preset import ScenePreset
from airscene.experiments.trained import kept_or_trained, run_folder

if TYPE_CHECKING:
    from airscene.graphics import RenderPool, SceneBatch
    from airscene.inverse.model import InverseAIR

# Held-out scenes that are watched while training.
WATCHED = 400

# Training scenes have seeds of two numbers, (seed, step), which a third that is not 0 sets apart.
TEST_SEED, WATCHED_SEED = (0, 0, 1), (0, 0, 2)


def make_pool(preset: ScenePreset) -> "RenderPool":
    """Start the workers that draw a preset's scenes.

    Raises:
        RendererError: If MuJoCo, or a library to draw with, is missing.
    """
    # Here, as the renderer is an extra.
    from airscene.graphics import MujocoRenderer, RenderPool

    return RenderPool(partial(MujocoRenderer, preset.scenes))


def draw_scenes(preset: ScenePreset, n: int, *, seed: tuple[int, ...]) -> "SceneBatch":
    """Draw true scenes of a preset's world, as it is trained on."""
    from airscene.graphics import sample_scenes

    options = {"repeats": preset.repeats, "presence": preset.model.presence, "look": preset.look}
    return sample_scenes(preset.scenes, n, seed=seed, **options)


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
    # Here, as JAX takes a second to import.
    import equinox as eqx
    import jax

    from airscene.inverse.config import InverseConfig
    from airscene.inverse.evaluate import make_evaluate
    from airscene.inverse.model import InverseAIR
    from airscene.inverse.scores import Likelihood
    from airscene.inverse.supervised import train_supervised
    from airscene.inverse.train import train_inverse

    folder, training = run_folder(preset, runs), preset.training
    likelihood = Likelihood(training.blur[1], training.sigma[1])

    def run() -> InverseAIR:
        train = train_inverse
        if preset.labels:
            train = partial(train_supervised, order=preset.labels)
        with make_pool(preset) as pool:
            watched = draw_scenes(preset, WATCHED, seed=WATCHED_SEED)
            return train(
                eqx.filter_jit(InverseAIR)(preset.model, key=jax.random.key(training.seed)),
                partial(draw_scenes, preset),
                pool,
                training,
                evaluate=make_evaluate(watched, pool, preset.scenes, likelihood),
                folder=folder,
                resume=True,
            )

    config = preset.config()
    return kept_or_trained(folder, config, InverseAIR, InverseConfig, run, world=preset.world)


def scenes_row(preset: ScenePreset, runs: Path) -> dict[str, Any]:
    """Return how near what a run's model infers of held-out scenes is to the truth."""
    model = trained_scenes(preset, runs)
    # Here, as they import more than the command line's help should wait for.
    from airscene.inverse.evaluate import make_evaluate
    from airscene.inverse.scores import Likelihood
    from airscene.training.record import read_metrics

    last = read_metrics(run_folder(preset, runs) / "metrics.jsonl")[-1]
    likelihood = Likelihood(preset.training.blur[1], preset.training.sigma[1])
    with make_pool(preset) as pool:
        truth = draw_scenes(preset, preset.n_test, seed=TEST_SEED)
        measured = make_evaluate(truth, pool, preset.scenes, likelihood)(model, last["step"])
    return {
        **measured,
        "scenes": preset.n_test,
        "steps": last["step"],
        "seconds": last["seconds"],
    }


def scene_units(preset: ScenePreset, seeds: Sequence[int]) -> tuple[Unit, ...]:
    """Return the units whose rows are what a preset's runs reach, one for each seed."""
    presets = [preset.with_seed(seed) for seed in seeds]
    return tuple(Unit(p.name, p.training.seed, p.config(), partial(scenes_row, p)) for p in presets)
