"""What AIR is compared with, on a set of images: DRAW and the convolutional autoencoder."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, UInt8

from airscene.baselines.cae import CAE, CAEConfig, mean_log_likelihood
from airscene.baselines.draw import DRAW, bounds, grown_bound
from airscene.baselines.draw_config import DRAWConfig
from airscene.images import LabelledScenes
from airscene.model.weights import load_module
from airscene.runs.preset import channels_first
from airscene.runs.task import Metrics, Network, Task
from airscene.training.loop import train
from airscene.training.state import Objective

# Scenes that are measured while training, and scenes measured at a time.
WATCHED, CHUNK = 500, 100


class _OnImages(Task[Network]):
    """What both have: a set of images."""

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

    def _train(self, model: Network, objective: Objective, options: dict[str, Any]) -> Network:
        images = channels_first(self._training_scenes.images)
        return train(model, (images,), self.training, objective, **options)


_likelihood = eqx.filter_jit(mean_log_likelihood)


class DRAWTask(_OnImages[DRAW]):
    """DRAW on a set of images."""

    def initial_model(self) -> DRAW:
        """Make the model before training."""
        return eqx.filter_jit(DRAW)(self.preset.model, key=jax.random.key(self.training.seed))

    def train(self, model: DRAW, **options: Any) -> DRAW:
        """Train on the bound, with few drawing steps first."""
        config, growth = self.preset.model, self.preset.growth

        def objective(model, batch, key, step):
            noise = jax.random.normal(key, (len(batch[0]), config.n_steps, config.n_latents))
            (images,) = batch
            return grown_bound(model, images, noise, step, growth)

        return self._train(model, objective, options)

    def load(self, weights: Path) -> DRAW:
        """Read the model of a complete run."""
        return load_module(weights, DRAW, DRAWConfig)

    @cached_property
    def validation(self) -> LabelledScenes:
        """Scenes of training digits that are not trained on."""
        data = self.preset.data
        return replace(data, n_train=WATCHED, data_seed=data.data_seed + 1).load("train")

    def watch(self, model: DRAW, step: int) -> tuple[Metrics, dict[str, Any]]:
        """Measure the bound of some validation scenes, with the same noise each time."""
        return {"validation_elbo": elbo(model, self.validation, WATCHED)["elbo"]}, {}


class CAETask(_OnImages[CAE]):
    """The convolutional autoencoder on a set of images."""

    def initial_model(self) -> CAE:
        """Make the model before training."""
        side = self.preset.data.image_size
        return CAE(CAEConfig((side, side)), key=jax.random.key(self.training.seed))

    def train(self, model: CAE, **options: Any) -> CAE:
        """Train on the likelihood of what it draws again."""

        def objective(model, batch, key, step):
            return mean_log_likelihood(model, *batch)

        return self._train(model, objective, options)

    def load(self, weights: Path) -> CAE:
        """Read the model of a complete run."""
        return load_module(weights, CAE, CAEConfig)

    def watch(self, model: CAE, step: int) -> tuple[Metrics, dict[str, Any]]:
        """Measure the likelihood of some held-out scenes."""
        images = as_floats(self._held_out.images[:WATCHED])
        return {"log_likelihood": float(_likelihood(model, jnp.asarray(images)))}, {}


def elbo(model: DRAW, scenes: LabelledScenes, n: int, seed: int = 0) -> dict[str, float]:
    """Return the mean bound of the first n scenes, in nats, and its standard error.

    Args:
        model: The model.
        scenes: Scenes of the model's size.
        n: How many of them.
        seed: Decides the posterior samples, one an image.
    """
    floats, key = as_floats(scenes.images[:n]), jax.random.key(seed)
    parts = [
        bounds(model, jnp.asarray(part), jax.random.fold_in(key, i * CHUNK))
        for i, part in enumerate(np.split(floats, range(CHUNK, len(floats), CHUNK)))
    ]
    values = np.concatenate(parts).astype(float)
    error = float(values.std() / np.sqrt(len(values)))
    return {"elbo": float(values.mean()), "elbo_standard_error": error}


def as_floats(images: UInt8[np.ndarray, "n height width"]) -> Float32[np.ndarray, "n 1 h w"]:
    """Bring grey images to the model's layout, values in [0, 1]."""
    return channels_first(images).astype(np.float32) / np.float32(255.0)
