"""A classifier of scenes: what a run trains and watches, and which of its weights are kept."""

from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Shaped

from airscene.baselines.classifiers import CNN, CNNConfig, Head, HeadConfig
from airscene.model.weights import load_module
from airscene.runs.presets.baselines import ClassifierPreset
from airscene.runs.task import Metrics, Task
from airscene.training.loop import train
from airscene.training.record import read_metrics

Classifier = Head | CNN

# Scenes classified at a time.
_CHUNK = 500


class Labelled(NamedTuple):
    """Scenes as a method sees them, and their classes.

    Args:
        inputs: Embeddings, or images as bytes.
        classes: The right answers.
    """

    inputs: Shaped[np.ndarray, "n *shape"]
    classes: Int[np.ndarray, " n"]

    def part(self, start: int, n: int) -> "Labelled":
        """The n scenes from one on."""
        return Labelled(self.inputs[start : start + n], self.classes[start : start + n])


def accuracy(model: Classifier, scenes: Labelled) -> float:
    """Return the share of scenes that a classifier gets right."""
    right = 0
    for i in range(0, len(scenes.classes), _CHUNK):
        inputs, classes = scenes.part(i, _CHUNK)
        right += int((np.asarray(_answers(model, jnp.asarray(inputs))) == classes).sum())
    return right / len(scenes.classes)


@eqx.filter_jit
def _answers(model: Classifier, inputs: Array) -> Array:
    if inputs.dtype == jnp.uint8:
        inputs = inputs.astype(jnp.float32) / 255.0
    return model(inputs).argmax(axis=1)


class ClassifierTask(Task[Classifier]):
    """A classifier of images (`CNN`) or of embeddings (`Head`) that ends where validation is best.

    Args:
        preset: What it learns, and how.
        training: Scenes to learn from.
        validation: Scenes to choose the weights by: the first that do best are kept.
        n_classes: Number of classes.
    """

    def __init__(
        self, preset: ClassifierPreset, training: Labelled, validation: Labelled, n_classes: int
    ):
        super().__init__(preset)
        self._training, self._validation = training, validation
        shape = training.inputs.shape[1:]
        self._kind: Any = Head if len(shape) == 1 else CNN
        self._config = (
            HeadConfig(shape[0], n_classes) if len(shape) == 1 else CNNConfig(shape[1:], n_classes)
        )

    @property
    def source(self) -> str:
        """How many scenes it learns from."""
        return f"{len(self._training.classes):,} labelled scenes"

    def initial_model(self) -> Classifier:
        """Make the classifier before training."""
        return eqx.filter_jit(self._kind)(self._config, key=jax.random.key(self.training.seed))

    def train(self, model: Classifier, *, folder: Path, **options: Any) -> Classifier:
        """Train on the log-probability of the classes, and return the best weights on the way."""
        choice = self.preset.choice

        def log_probability(model, batch, key, step):
            inputs, classes = batch
            noise_key, dropout_key = jax.random.split(key)
            if choice.noise:
                inputs = inputs + choice.noise * jax.random.normal(noise_key, inputs.shape)
            log_p = jax.nn.log_softmax(model(inputs, choice.dropout, dropout_key))
            return jnp.take_along_axis(log_p, classes[:, None], axis=1).mean()

        data = self._training.inputs, np.asarray(self._training.classes, np.int32)
        train(model, data, self.training, log_probability, folder=folder, **options)
        rows = read_metrics(folder / "metrics.jsonl")
        best = max(rows, key=lambda row: row["validation"])["step"]
        arrays, rest = eqx.partition(model, eqx.is_inexact_array)
        leaves, structure = jax.tree.flatten(arrays)
        with np.load(folder / "stages" / f"{best:07d}.npz") as stage:
            leaves = [jnp.asarray(stage[f"weights_{i}"]) for i in range(len(leaves))]
        return eqx.combine(jax.tree.unflatten(structure, leaves), rest)

    def load(self, weights: Path) -> Classifier:
        """Read the classifier of a complete run."""
        return load_module(weights, self._kind, type(self._config))

    def watch(self, model: Classifier, step: int) -> tuple[Metrics, dict[str, Any]]:
        """Measure the accuracy on the validation scenes, and keep the weights."""
        leaves = jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array))
        weights = {f"weights_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
        return {"validation": accuracy(model, self._validation)}, weights

    def evaluate(self, model: Classifier) -> Metrics:
        """Measure the accuracy of the best weights on the validation scenes."""
        return {"validation": accuracy(model, self._validation)}
