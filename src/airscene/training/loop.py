"""The loop around the update: batches, evaluations, checkpoints, resuming."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from rich.console import Console

from airscene.errors import InputError
from airscene.objective.baseline import Model, WithBaseline, apart
from airscene.training.batches import batch_indices
from airscene.training.checkpoints import Checkpoints
from airscene.training.config import LoopConfig
from airscene.training.record import Record
from airscene.training.state import Objective, TrainState, initial_state, make_run

# Maps the model (without baseline) and step to metrics.
Evaluate = Callable[[Any, int], dict[str, float]]
Advance = Callable[[TrainState, int, int], tuple[TrainState, Array]]


class Interrupted(Exception):
    """A run that was asked to stop, and whose state is saved."""


@contextmanager
def _stop_signals() -> Iterator[list[bool]]:
    """Turn SIGINT and SIGTERM into a flag, as an update must not be cut short.

    Only the main thread can; a run in another thread is not stopped by signals.
    """
    caught, handlers = [], {}
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handlers[number] = signal.signal(number, lambda *_: caught.append(True))
    try:
        yield caught
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def train(
    model: Model | WithBaseline[Model, Any],
    data: tuple[np.ndarray, ...],
    config: LoopConfig,
    objective: Objective,
    **options: Any,
) -> Model:
    """Train a model on a data set: arrays with one item a row, see `train_by`.

    Bytes, 0 to 255, reach the objective as numbers from 0 to 1. Batches and noise follow from the
    seed and the step, so a resumed run makes the same updates as an uninterrupted one.
    """
    run = make_run(model, config, tuple(jnp.asarray(array) for array in data), objective)

    def advance(state: TrainState, step: int, n: int) -> tuple[TrainState, Array]:
        indices = np.zeros((config.evaluate_every, config.batch_size), np.int32)
        indices[:n] = batch_indices(len(data[0]), config.batch_size, config.seed, step, n)
        return run(state, indices, n)

    return train_by(advance, model, config, **options)


def train_by(
    advance: Advance,
    model: Model | WithBaseline[Model, Any],
    config: LoopConfig,
    *,
    folder: Path,
    evaluate: Evaluate,
    at_once: int | None = None,
    resume: bool = False,
    tensorboard: bool = False,
    console: Console | None = None,
) -> Model:
    """Train a model by a function that makes some updates.

    Args:
        advance: Takes the state (donated: its buffers may be reused), its step and a number of
            updates to make; returns the new state and the mean objective of the updates. What it
            does should follow from these alone, so that a resumed run is as an uninterrupted one.
        model: The model to start from.
        config: How to train.
        folder: The run's folder, for `checkpoints/` and `metrics.jsonl`.
        evaluate: Called with the model, without its baseline, and the step every `evaluate_every`
            steps; what it returns is recorded with the objective.
        at_once: The most updates to make in one go, where they are slow: a signal is heeded after
            them. By default all updates up to the next evaluation. After a stop between
            evaluations, the next recorded objective covers only the updates after the stop.
        resume: Go on from the newest checkpoint, if there is one.
        tensorboard: Also write TensorBoard's event files.
        console: Where progress is shown; standard error if not given.

    Returns:
        The trained model, without its baseline.

    Raises:
        InputError: If the objective stops being a number, or nothing can be written.
        Interrupted: If SIGINT or SIGTERM came; the state is saved first.
    """
    began = time.perf_counter()
    checkpoints = Checkpoints(folder / "checkpoints")
    state = initial_state(model, config)
    if resume and (saved := checkpoints.restore(state)) is not None:
        state = saved
    step = int(state.step)
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    console = console or Console(stderr=True)
    record = Record(folder, config.steps, step, tensorboard, console)
    if record.rows:
        # Seconds go on from where the run was left.
        began -= record.rows[-1]["seconds"]
    try:
        with _stop_signals() as stopping:
            while step < config.steps:
                # A run that was stopped between evaluations goes on to the next.
                end = step - step % config.evaluate_every + config.evaluate_every
                end, start, values = min(end, config.steps), step, []
                # The update gives up the memory of the state it starts from.
                good = jax.tree.map(jnp.copy, state)
                started = time.perf_counter()
                while step < end and not (values and stopping):
                    n = min(at_once or end, end - step)
                    state, value = advance(state, step, n)
                    step += n
                    values.append(n * value)
                    record.at(step)
                value = float(sum(values)) / (step - start)
                rate = (step - start) * config.batch_size / (time.perf_counter() - started)
                # The last update of a finite objective may have an infinite gradient.
                weights = jax.tree.leaves(state.weights)
                if not np.isfinite(value) or not all(np.isfinite(x).all() for x in weights):
                    checkpoints.save(good)
                    raise InputError(
                        f"the objective stopped being a number between steps {start} and "
                        f"{step}; the state of step {start} is in {folder / 'checkpoints'}: "
                        "start another run with a smaller --learning-rate"
                    )
                if step == end:
                    measured = evaluate(apart(eqx.combine(state.weights, frame))[0], step)
                    seconds = round(time.perf_counter() - began, 3)
                    row = {"step": step, "objective": value, **measured, "seconds": seconds}
                    record.add({**row, "images_per_second": round(rate, 1)})
                # Read once: a signal that comes while the state is saved waits for the next time.
                stop = bool(stopping)
                if step % config.save_every == 0 or step == config.steps or stop:
                    checkpoints.save(state)
                if stop and step < config.steps:
                    raise Interrupted(f"stopped at step {step} of {config.steps}")
    finally:
        record.close()
        checkpoints.close()
    return apart(eqx.combine(state.weights, frame))[0]
