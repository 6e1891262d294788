"""Downstream tasks: what AIR's inferences are worth when labels are scarce (paper, Fig. 5)."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from airscene.evaluation.figures.plots import label_curves
from airscene.paper.downstream.embeddings import embedded
from airscene.paper.downstream.protocol import TASKS, Protocol, two_digit_pools
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.runs.preset import channels_first
from airscene.runs.presets.baselines import Choice, ClassifierPreset
from airscene.runs.run import run
from airscene.runs.tasks.classifier import Classifier, ClassifierTask, Labelled, accuracy
from airscene.schema import whole

METHODS = {"air": "AIR", "draw": "DRAW", "cae": "CAE", "cnn": "CNN"}
TITLES = {"sum": "sum of two digits", "order": "ascending order"}


def downstream(quickly: bool = False) -> Result:
    """Two tasks on scenes of two digits, from AIR's, DRAW's and a CAE's embeddings and pixels."""
    protocol = _quick(Protocol()) if quickly else Protocol()
    return described(
        "downstream",
        tuple(
            Unit(
                f"{method}-{task}-{size}",
                protocol.seeds[0],
                protocol.config(method, task, size),
                partial(downstream_row, method, task, size, protocol),
            )
            for size in protocol.sizes
            for task in TITLES
            for method in METHODS
        ),
        _draw,
    )


def _quick(protocol: Protocol) -> Protocol:
    small = replace(protocol.cae_data, digits="bundled", n_train=1000, n_test=100)
    few = {"steps": 6, "batch_size": 8, "evaluate_every": 3, "save_every": 3}
    return replace(
        protocol,
        digits="bundled",
        pools=(1600, 500, 500),
        sizes=protocol.sizes[:2],
        seeds=(1,),
        head_steps=(60, 60),
        cnn_steps=(10, 10),
        head_choices=protocol.head_choices[:2],
        cnn_choices=tuple(replace(choice, batch_size=20) for choice in protocol.cnn_choices),
        draw=replace(
            protocol.draw,
            name=f"{protocol.draw.name}-quick",
            data=small,
            model=replace(protocol.draw.model, n_steps=4),
            training=replace(protocol.draw.training, **few),
        ),
        cae_data=small,
        cae_training=replace(protocol.cae_training, **few),
    )


def downstream_row(method: str, task: str, size: int, protocol: Protocol, runs: Path) -> Row:
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
        name, spare = f"{method}-{task}-{size}", len(training.classes) - size
        start = (seed - 1) * size % (spare + 1)
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


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    panels = {}
    for task, title in TITLES.items():
        curves = {}
        for method, name in METHODS.items():
            points = [r for r in rows if (r["task"], r["method"]) == (task, method)]
            points.sort(key=lambda row: row["size"])
            if points:
                accuracies = [row["accuracies"] for row in points]
                curves[name] = ([row["size"] for row in points], accuracies)
        panels[title] = curves
    label_curves(panels).save(figures / "downstream.png")
