"""Downstream tasks: what AIR's inferences are worth when labels are scarce (paper, Fig. 5)."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from airscene.baselines.two_digits import Task
from airscene.evaluation.figures.plots import label_curves
from airscene.paper.downstream.embeddings import embedded
from airscene.paper.downstream.learning import Labelled, accuracy, learn
from airscene.paper.downstream.protocol import TASKS, Protocol, two_digit_pools
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.runs.preset import channels_first
from airscene.schema import whole

METHODS = {"air": "AIR", "dair": "DAIR", "draw": "DRAW", "cae": "CAE", "cnn": "CNN"}
# The protocol's number. The first had the paper's network for everything, and validation labels
# beside those that were counted.
_NUMBER = 2

TITLES: dict[Task, str] = {"sum": "sum of two digits", "order": "ascending order"}


def downstream(quickly: bool = False) -> Result:
    """Two tasks on scenes of two digits, from objects of AIR and DAIR, embeddings and pixels."""
    protocol = _quick(Protocol()) if quickly else Protocol()
    return described(
        "downstream",
        tuple(
            Unit(
                f"{method}-{task}-{size}",
                protocol.seeds[0],
                protocol.config(method, task, size),
                partial(downstream_row, method, task, size, protocol),
                _NUMBER,
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
        pools=(1600, 500),
        sizes=protocol.sizes[:2],
        seeds=(1,),
        head_steps=(60, 60),
        cnn_steps=(10, 10),
        object_choices=protocol.object_choices[:2],
        vector_choices=protocol.vector_choices[1:3],
        cnn_choices=tuple(replace(choice, batch_size=20) for choice in protocol.cnn_choices[1:3]),
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


def downstream_row(method: str, task: Task, size: int, protocol: Protocol, runs: Path) -> Row:
    """Return the test accuracies of a method on a task, learnt from a number of labelled scenes.

    Each seed has its own labelled scenes, the same for all methods and tasks, and chooses by them.

    Args:
        method: `air`, `dair`, `draw`, `cae` or `cnn`.
        task: `sum` or `order`.
        size: Number of labelled scenes.
        protocol: The protocol.
        runs: Folder of all runs.
    """
    pools = two_digit_pools(protocol.digits, protocol.pools)
    if method == "cnn":
        inputs = [channels_first(pool.images) for pool in pools]
    else:
        inputs = embedded(method, protocol, runs)
    training, test = (Labelled(x, TASKS[task](p)) for x, p in zip(inputs, pools, strict=True))
    choices, steps = protocol.choices(method), protocol.steps(method, size)
    learnt = []
    for seed in protocol.seeds:
        which = np.random.default_rng(seed).permutation(len(training.classes))[:size]
        learnt.append(learn(task, training.part(which), choices, steps, seed))
    accuracies = [accuracy(made.model, test) for made in learnt]
    return {
        "method": method,
        "task": task,
        "size": size,
        "accuracy": float(np.median(accuracies)),
        "accuracies": accuracies,
        "choices": whole(choices),
        "chosen": [made.chosen for made in learnt],
        "validation": [list(made.validation) for made in learnt],
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
