"""How a classifier is learnt from a budget of labels: choices are tried, the best learns from all.

Validation labels are part of the budget: a fifth of the labelled scenes is held out while choices
are tried, and the choice that does best on it is trained anew with all of them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Shaped

from airscene.baselines.classifiers import Classifier, Perturbation, make_classifier
from airscene.baselines.two_digits import Task
from airscene.model.shapes import Scalar
from airscene.runs.presets.baselines import Choice
from airscene.training.batches import batch_indices

# Of so many labelled scenes one is held out to choose by.
_HELD_OUT = 5

# While choices are tried, classifiers have this share of the updates: it tells them apart.
_TRIAL = 0.5

# Share of the updates in which the learning rate rises; then it falls to zero along a cosine.
_WARMUP = 0.05

# Scenes answered at a time.
_CHUNK = 500


class Labelled(NamedTuple):
    """Scenes as a method sees them, and their classes.

    Args:
        inputs: Objects, embeddings, or images as bytes.
        classes: The right answers.
    """

    inputs: Shaped[np.ndarray, "n *shape"]
    classes: Int[np.ndarray, " n"]

    def part(self, which: slice | Int[np.ndarray, " m"]) -> "Labelled":
        """Some of the scenes."""
        return Labelled(self.inputs[which], self.classes[which])


class Learnt(NamedTuple):
    """A classifier, and how it came to be.

    Args:
        model: The classifier.
        chosen: Number of the choice that it was made by.
        validation: Of each choice, what it reached on what was held out: the mean log-probability
            of the right answer.
    """

    model: Classifier
    chosen: int
    validation: tuple[float, ...]


def learn(
    task: Task, labelled: Labelled, choices: Sequence[Choice], steps: int, seed: int
) -> Learnt:
    """Learn a task from labelled scenes, and from nothing else.

    A classifier is made by each choice of hyper-parameters from four fifths of the scenes, with
    half of the updates. The best one by the mean log-probability of the right answer on the last
    fifth, which tells more of few scenes than the share of right ones, is made anew from all.

    Args:
        task: What is asked.
        labelled: The whole budget of labels, in an order that means nothing.
        choices: Hyper-parameters to choose among.
        steps: Updates of the last training.
        seed: Decides the initial weights, the batches and the noise.
    """
    n = len(labelled.classes)
    n_tried = n - n // _HELD_OUT
    held_out = labelled.part(slice(n_tried, n))
    tried = (fit(task, labelled, n_tried, c, steps, seed, _TRIAL) for c in choices)
    validation = tuple(mean_log_probability(model, held_out) for model in tried)
    chosen = int(np.argmax(validation))
    return Learnt(fit(task, labelled, n, choices[chosen], steps, seed), chosen, validation)


def fit(
    task: Task,
    labelled: Labelled,
    n: int,
    choice: Choice,
    steps: int,
    seed: int,
    share: float = 1.0,
) -> Classifier:
    """Train a classifier on the log-probability of the right answers, by Adam.

    Args:
        task: What is asked.
        labelled: Labelled scenes.
        n: How many of them it learns from, the first ones.
        choice: The hyper-parameters.
        steps: Number of updates.
        seed: Decides the initial weights, the batches and the noise.
        share: Share of the updates that are made.
    """
    shape = labelled.inputs.shape[1:]
    start, run = jax.random.split(jax.random.key(seed))
    model = _make(task, shape, choice.digits, choice.layers, choice.width, start)
    batches = jnp.asarray(batch_indices(n, choice.batch_size, seed, 0, steps))
    data = jnp.asarray(labelled.inputs), jnp.asarray(labelled.classes, jnp.int32)
    # What is an array here is not compiled in, so that trainings share the compiled loop.
    rate, noise = jnp.float32(choice.learning_rate), jnp.float32(choice.noise)
    updates = jnp.int32(round(share * steps))
    return _train(model, data, batches, updates, rate, noise, choice.dropout, run)


_make = eqx.filter_jit(make_classifier)


@eqx.filter_jit
def _train(
    model: Classifier,
    data: tuple[Array, Int[Array, " n"]],
    batches: Int[Array, "steps batch"],
    updates: Int[Array, ""],
    learning_rate: Scalar,
    noise: Scalar,
    dropout: float,
    key: Array,
) -> Any:
    adam = optax.scale_by_adam()
    weights, frame = eqx.partition(model, eqx.is_inexact_array)

    def loss(weights, inputs, classes, key):
        log_p = eqx.combine(weights, frame)(inputs, Perturbation(key, dropout, noise))
        return -jnp.take_along_axis(log_p, classes[:, None], axis=1).mean()

    def update(step, carry):
        weights, state = carry
        inputs, classes = (array[batches[step]] for array in data)
        gradient = jax.grad(loss)(weights, _floats(inputs), classes, jax.random.fold_in(key, step))
        change, state = adam.update(gradient, state)
        rise = jnp.minimum(1.0, (step + 1) / (_WARMUP * updates))
        rate = learning_rate * rise * 0.5 * (1.0 + jnp.cos(jnp.pi * step / updates))
        return jax.tree.map(lambda w, c: w - rate * c, weights, change), state

    weights, _ = jax.lax.fori_loop(0, updates, update, (weights, adam.init(weights)))
    return eqx.combine(weights, frame)


def _floats(inputs: Array) -> Array:
    return inputs.astype(jnp.float32) / 255.0 if inputs.dtype == jnp.uint8 else inputs


def mean_log_probability(model: Classifier, scenes: Labelled) -> float:
    """Return the mean log-probability of the right answer."""
    log_p = _log_answers(model, scenes)
    return float(np.take_along_axis(log_p, scenes.classes[:, None], axis=1).mean())


def accuracy(model: Classifier, scenes: Labelled) -> float:
    """Return the share of scenes whose most probable answer is right."""
    return float((_log_answers(model, scenes).argmax(axis=1) == scenes.classes).mean())


def _log_answers(model: Classifier, scenes: Labelled) -> Float[np.ndarray, "n classes"]:
    starts = range(0, len(scenes.classes), _CHUNK)
    chunks = (scenes.inputs[i : i + _CHUNK] for i in starts)
    return np.concatenate([np.asarray(_answer(model, jnp.asarray(chunk))) for chunk in chunks])


@eqx.filter_jit
def _answer(model: Classifier, inputs: Array) -> Array:
    return model(_floats(inputs))
