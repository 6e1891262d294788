"""The convolutional autoencoder on a set of images: what a run trains and watches."""

from functools import cached_property
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float32, UInt8

from airscene.baselines.cae import CAE, CAEConfig, mean_log_likelihood
from airscene.images import LabelledScenes
from airscene.model.weights import load_module
from airscene.runs.preset import channels_first
from airscene.runs.presets.baselines import CAEPreset
from airscene.runs.task import Metrics, Task
from airscene.training.loop import train

# Held-out scenes whose likelihood is measured while training.
WATCHED = 500


class CAETask(Task[CAE]):
    """The convolutional autoencoder on a set of images.

    Args:
        preset: The images and the training.
    """

    def __init__(self, preset: CAEPreset):
        super().__init__(preset.name, preset.training, preset.number)
        self._preset = preset
        self._likelihood = eqx.filter_jit(mean_log_likelihood)

    @property
    def preset(self) -> CAEPreset:
        """The preset."""
        return self._preset

    @cached_property
    def _training_scenes(self) -> LabelledScenes:
        return self.preset.data.load("train")

    @cached_property
    def _held_out(self) -> Float32[np.ndarray, "n 1 height width"]:
        return as_floats(self.preset.data.load("test").images[:WATCHED])

    @property
    def source(self) -> str:
        """Where the images come from."""
        return self._training_scenes.source

    def initial_model(self) -> CAE:
        """Make the model before training."""
        side = self.preset.data.image_size
        return CAE(CAEConfig((side, side)), key=jax.random.key(self.training.seed))

    def train(self, model: CAE, **options: Any) -> CAE:
        """Train on the likelihood of what it draws again."""
        images = channels_first(self._training_scenes.images)

        def objective(model, batch, key, step):
            return mean_log_likelihood(model, *batch)

        return train(model, (images,), self.training, objective, **options)

    def load(self, weights: Path) -> CAE:
        """Read the model of a complete run."""
        return load_module(weights, CAE, CAEConfig)

    def watch(self, model: CAE, step: int) -> tuple[Metrics, dict[str, Any]]:
        """Measure the likelihood of some held-out scenes."""
        return {"log_likelihood": float(self._likelihood(model, self._held_out))}, {}


def as_floats(images: UInt8[np.ndarray, "n height width"]) -> Float32[np.ndarray, "n 1 h w"]:
    """Bring grey images to the model's layout, values in [0, 1]."""
    return channels_first(images).astype(np.float32) / np.float32(255.0)
