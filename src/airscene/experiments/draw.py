"""DRAW beside AIR: free energy on numbers of digits seen in training and not (paper, Table 1)."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airscene.baselines.draw_config import DRAWConfig
from airscene.errors import InputError
from airscene.experiments.preset import DataConfig, channels_first
from airscene.files import write_atomic
from airscene.training.config import LoopConfig

if TYPE_CHECKING:
    from airscene.baselines.draw import DRAW
    from airscene.data import LabelledScenes

# Held-out scenes whose bound is measured while training.
WATCHED = 500

# Scenes whose bound is measured at a time.
_CHUNK = 100


@dataclass(frozen=True)
class DRAWPreset:
    """A data set, DRAW and a way to train it.

    Args:
        name: Its name, of the run folders.
        data: The images.
        model: The model.
        training: How it is trained.
        growth: From which update on, how many drawing steps; the first from 0 on. Training begins
            with few, as that takes a fraction of the time.
        refinement: A second round, with all drawing steps: the learning rate rises and falls again.
    """

    name: str
    data: DataConfig = field(default_factory=DataConfig)
    model: DRAWConfig = field(default_factory=DRAWConfig)
    training: LoopConfig = field(default_factory=LoopConfig)
    growth: tuple[tuple[int, int], ...] = ((0, 40),)
    refinement: LoopConfig | None = None

    def config(self) -> dict[str, Any]:
        """Return what `config.json` holds: all that decides the run's result."""
        # Through JSON, so that it equals what is read back.
        return json.loads(json.dumps(asdict(self)))


_TRAINING = LoopConfig(
    steps=4000, batch_size=32, learning_rate=2e-3, warmup=200, evaluate_every=250, save_every=250
)

DRAW_012 = DRAWPreset(
    name="draw-012",
    training=_TRAINING,
    growth=((0, 10), (2500, 20), (3250, 40)),
    refinement=replace(_TRAINING, steps=1500, learning_rate=1e-3, warmup=100),
)

DRAW_013 = replace(DRAW_012, name="draw-013", data=DataConfig(counts=(0, 1, 3)))


def trained_draw(preset: DRAWPreset, runs: Path) -> "DRAW":
    """Return the DRAW that a preset trains, from its run folder.

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

    from airscene.baselines.draw import DRAW
    from airscene.baselines.draw_bound import grown_bound
    from airscene.model.weights import load_module, save_weights
    from airscene.training.loop import train

    folder = runs / f"{preset.name}-{preset.training.seed}"
    weights, config = folder / "model.safetensors", folder / "config.json"
    if config.is_file() and json.loads(config.read_text()) != preset.config():
        raise InputError(f"the run in {folder} is of another configuration; move it away")
    if weights.is_file():
        return load_module(weights, DRAW, DRAWConfig)
    write_atomic(config, (json.dumps(preset.config(), indent=1) + "\n").encode())
    held_out = preset.data.load("test")

    images = channels_first(preset.data.load("train").images)

    def round_of(model, training, growth, folder):
        def objective(model, batch, key, step):
            shape = (len(batch[0]), preset.model.n_steps, preset.model.n_latents)
            return grown_bound(model, *batch, jax.random.normal(key, shape), step, growth)

        def evaluate(model, step):
            return {"elbo": elbo(model, held_out, WATCHED)["elbo"]}

        return train(
            model, (images,), training, objective, folder=folder, evaluate=evaluate, resume=True
        )

    model = eqx.filter_jit(DRAW)(preset.model, key=jax.random.key(preset.training.seed))
    model = round_of(model, preset.training, preset.growth, folder)
    if preset.refinement:
        everything = ((0, preset.model.n_steps),)
        model = round_of(model, preset.refinement, everything, folder / "refinement")
    # Last, as it is what says that the run is complete.
    save_weights(model, weights)
    return model


def elbo(model: "DRAW", scenes: "LabelledScenes", n: int, seed: int = 0) -> dict[str, float]:
    """Return the mean bound of the first n scenes, in nats, and its standard error.

    Args:
        model: The model.
        scenes: Scenes of the model's size.
        n: How many of them.
        seed: Decides the posterior samples, one an image.
    """
    import jax
    import numpy as np

    from airscene.baselines.draw_bound import bounds

    images, key = channels_first(scenes.images[:n]), jax.random.key(seed)
    parts = [
        bounds(model, images[i : i + _CHUNK].astype(np.float32) / 255.0, jax.random.fold_in(key, i))
        for i in range(0, len(images), _CHUNK)
    ]
    values = np.concatenate(parts).astype(float)
    error = float(values.std() / np.sqrt(len(values)))
    return {"elbo": float(values.mean()), "elbo_standard_error": error}
