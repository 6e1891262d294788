"""Learning a task from labelled scenes, with the hyper-parameters that are best on validation."""

from pathlib import Path
from typing import Any

import numpy as np

from airscene.paper.downstream.embeddings import embedded
from airscene.paper.downstream.protocol import Protocol
from airscene.paper.downstream.two_digits import TASKS, two_digit_pools
from airscene.runs.preset import channels_first
from airscene.runs.presets.baselines import Choice, ClassifierPreset
from airscene.runs.run import run
from airscene.runs.tasks.classifier import Classifier, ClassifierTask, Labelled, accuracy
from airscene.schema import whole


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
    """
    answer, n_classes = TASKS[task]
    pools = two_digit_pools(protocol.digits, protocol.pools)
    if method == "cnn":
        inputs = [channels_first(pool.images) for pool in pools]
    else:
        inputs = embedded(method, protocol, runs)
    training, validation, test = (
        Labelled(x, answer(pool)) for x, pool in zip(inputs, pools, strict=True)
    )
    steps, choices = protocol.steps(method, size), protocol.choices(method)

    def one(choice: Choice, seed: int) -> tuple[Classifier, float]:
        name, start = (
            f"{method}-{task}-{size}",
            (seed - 1) * size % (len(training.classes) - size + 1),
        )
        preset = ClassifierPreset(name, choice, steps, seed, protocol.embedding_config(method))
        learnt = ClassifierTask(preset, training.part(start, size), validation, n_classes)
        folder = runs / "classifiers" / f"{name}-{choices.index(choice)}-{seed}"
        model = run(learnt, folder, resume=(folder / "config.json").is_file())
        return model, accuracy(model, validation)

    first, *others = protocol.seeds
    tried = [(choice, *one(choice, first)) for choice in choices]
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
