"""Learning a task from labelled scenes, with what is best on validation scenes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray, Shaped

from airscene.baselines.cnn import CNN
from airscene.baselines.head import Head
from airscene.paper.downstream.embeddings import embedded
from airscene.paper.downstream.protocol import Choice, Protocol
from airscene.paper.downstream.two_digits import TASKS, two_digit_pools
from airscene.runs.preset import channels_first
from airscene.schema import whole
from airscene.training.batches import batch_indices
from airscene.training.config import LoopConfig
from airscene.training.state import initial_state, make_run

# How often a run is looked at: what did best on validation is kept.
_LOOKS = 5

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


def accuracy(model: eqx.Module, scenes: Labelled) -> float:
    """Return the share of scenes that a classifier gets right.

    Args:
        model: A `Head` or a `CNN`.
        scenes: The scenes.
    """
    right = 0
    for i in range(0, len(scenes.classes), _CHUNK):
        inputs, classes = scenes.part(i, _CHUNK)
        right += int((np.asarray(_answers(model, inputs)) == classes).sum())
    return right / len(scenes.classes)


@eqx.filter_jit
def _answers(model: eqx.Module, inputs: Array) -> Array:
    if inputs.dtype == jnp.uint8:
        inputs = inputs.astype(jnp.float32) / 255.0
    return model(inputs).argmax(axis=1)


def learn(
    make: Callable[[PRNGKeyArray], eqx.Module],
    training: Labelled,
    validation: Labelled,
    choice: Choice,
    steps: int,
    seed: int,
) -> tuple[eqx.Module, float]:
    """Train a classifier, and stop where it does best on the validation scenes.

    Args:
        make: Makes the untrained classifier.
        training: Scenes to learn from.
        validation: Scenes to stop by.
        choice: The hyper-parameters.
        steps: Number of updates.
        seed: Decides the initial weights, the batches and the dropout.

    Returns:
        The classifier and its accuracy on the validation scenes.
    """
    looks = -(-steps // _LOOKS)
    config = LoopConfig(
        steps=looks * _LOOKS,
        batch_size=choice.batch_size,
        learning_rate=choice.learning_rate,
        warmup=looks * _LOOKS // 10,
        seed=seed,
    )

    def log_probability(model, batch, key, step):
        inputs, classes = batch
        noise_key, dropout_key = jax.random.split(key)
        if choice.noise:
            inputs = inputs + choice.noise * jax.random.normal(noise_key, inputs.shape)
        log_p = jax.nn.log_softmax(model(inputs, choice.dropout, dropout_key))
        return jnp.take_along_axis(log_p, classes[:, None], axis=1).mean()

    model = eqx.filter_jit(make)(jax.random.key(seed))
    data = jnp.asarray(training.inputs), jnp.asarray(training.classes, jnp.int32)
    run = make_run(model, config, data, log_probability)
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    state = initial_state(model, config)
    best = model, -1.0
    for first in range(0, config.steps, looks):
        indices = batch_indices(len(data[1]), config.batch_size, seed, first, looks)
        state, _ = run(state, indices, looks)
        now = eqx.combine(jax.tree.map(jnp.copy, state.weights), frame)
        reached = accuracy(now, validation)
        if reached > best[1]:
            best = now, reached
    return best


def downstream_row(
    method: str, task: str, size: int, protocol: Protocol, runs: Path
) -> dict[str, Any]:
    """Return the test accuracy of a method on a task, learnt from a number of labelled scenes.

    The first seed tries every choice of hyper-parameters; the one that does best on validation is
    what all seeds use. Each seed has other labelled scenes, where there are enough.

    Args:
        method: `air`, `draw`, `cae` or `cnn`.
        task: `sum` or `order`.
        size: Number of labelled scenes.
        protocol: The protocol.
        runs: Folder of all runs.

    Returns:
        What the row holds.
    """
    answer, n_classes = TASKS[task]
    pools = two_digit_pools(protocol.digits, protocol.pools)
    if method == "cnn":
        inputs = [channels_first(pool.images) for pool in pools]
        image_size = pools.training.images.shape[1:]
        make = lambda key: CNN(image_size, n_classes, key=key)  # noqa: E731
    else:
        inputs = embedded(method, protocol, runs)
        n_in = inputs[0].shape[1]
        make = lambda key: Head(n_in, n_classes, key=key)  # noqa: E731
    training, validation, test = (
        Labelled(x, answer(pool)) for x, pool in zip(inputs, pools, strict=True)
    )
    steps = protocol.steps(method, size)

    def one(choice: Choice, seed: int) -> tuple[eqx.Module, float]:
        start = (seed - 1) * size % (len(training.classes) - size + 1)
        return learn(make, training.part(start, size), validation, choice, steps, seed)

    first, *others = protocol.seeds
    tried = [(choice, *one(choice, first)) for choice in protocol.choices(method)]
    chosen, model, reached = max(tried, key=lambda t: t[2])
    made = [(model, reached), *(one(chosen, seed) for seed in others)]
    accuracies = [accuracy(model, test) for model, _ in made]
    return {
        "method": method,
        "task": task,
        "size": size,
        "accuracy": float(np.median(accuracies)),
        "accuracies": accuracies,
        "validation": [reached for _, reached in made],
        "chosen": whole(chosen),
        "tried": [{**whole(choice), "validation": reached} for choice, _, reached in tried],
    }
