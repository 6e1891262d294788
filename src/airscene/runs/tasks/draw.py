"""DRAW on a set of images: what a run trains and watches."""

from functools import cached_property
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.baselines.draw import DRAW, bounds, grown_bound
from airscene.baselines.draw_config import DRAWConfig
from airscene.images import LabelledScenes
from airscene.model.weights import load_module
from airscene.runs.preset import channels_first
from airscene.runs.presets.baselines import DRAWPreset
from airscene.runs.task import Metrics, Task
from airscene.training.loop import train

# Held-out scenes whose bound is measured while training, and scenes measured at a time.
WATCHED, CHUNK = 500, 100


class DRAWTask(Task[DRAW]):
    """DRAW on a set of images.

    Args:
        preset: The images, the model and the training.
    """

    def __init__(self, preset: DRAWPreset):
        super().__init__(preset.name, preset.training, preset.number)
        self._preset = preset

    @property
    def preset(self) -> DRAWPreset:
        """The preset."""
        return self._preset

    @cached_property
    def _training_scenes(self) -> LabelledScenes:
        return self.preset.data.load("train")

    @cached_property
    def _held_out(self) -> LabelledScenes:
        return self.preset.data.load("test")

    @property
    def source(self) -> str:
        """Where the images come from."""
        return self._training_scenes.source

    def initial_model(self) -> DRAW:
        """Make the model before training."""
        return eqx.filter_jit(DRAW)(self.preset.model, key=jax.random.key(self.training.seed))

    def train(self, model: DRAW, **options: Any) -> DRAW:
        """Train on the bound, with few drawing steps first."""
        config, growth = self.preset.model, self.preset.growth

        def objective(model, batch, key, step):
            noise = jax.random.normal(key, (len(batch[0]), config.n_steps, config.n_latents))
            return grown_bound(model, *batch, noise, step, growth)

        images = channels_first(self._training_scenes.images)
        return train(model, (images,), self.training, objective, **options)

    def load(self, weights: Path) -> DRAW:
        """Read the model of a complete run."""
        return load_module(weights, DRAW, DRAWConfig)

    def watch(self, model: DRAW, step: int) -> tuple[Metrics, dict[str, Any]]:
        """Measure the bound of some held-out scenes."""
        return {"elbo": elbo(model, self._held_out, WATCHED)["elbo"]}, {}


def elbo(model: DRAW, scenes: LabelledScenes, n: int, seed: int = 0) -> dict[str, float]:
    """Return the mean bound of the first n scenes, in nats, and its standard error.

    Args:
        model: The model.
        scenes: Scenes of the model's size.
        n: How many of them.
        seed: Decides the posterior samples, one an image.
    """
    images, key = channels_first(scenes.images[:n]), jax.random.key(seed)
    parts = [
        bounds(model, images[i : i + CHUNK].astype(np.float32) / 255.0, jax.random.fold_in(key, i))
        for i in range(0, len(images), CHUNK)
    ]
    values = np.concatenate(parts).astype(float)
    error = float(values.std() / np.sqrt(len(values)))
    return {"elbo": float(values.mean()), "elbo_standard_error": error}
