"""Downstream tasks: what AIR's inferences are worth when labels are scarce (paper, Fig. 5)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airscene.paper.downstream.protocol import Protocol
from airscene.paper.result import Result, Row, Unit, failures

METHODS = {"air": "AIR", "draw": "DRAW", "cae": "CAE", "cnn": "CNN"}
TITLES = {"sum": "sum of two digits", "order": "ascending order"}

# Sizes at which labels are scarce, that the line of the result is about.
_SCARCE = (500, 1600)


def downstream(quickly: bool = False) -> Result:
    """Two tasks on scenes of two digits, from AIR's, DRAW's and a CAE's embeddings and pixels."""
    protocol = _quick(Protocol()) if quickly else Protocol()
    return Result(
        name="downstream",
        about="Sum and order of two digits, by the number of labelled scenes (Fig. 5).",
        paper=(
            "A plot (Fig. 5): AIR achieves high accuracy even when data is scarce, the CNN with "
            "far more of it; CAE and DRAW perform worse"
        ),
        targets="AIR clearly ahead of the others with 500 and 1,600 labels, on both tasks",
        units=tuple(
            Unit(
                f"{method}-{task}-{size}",
                protocol.seeds[0],
                protocol.config(method, task, size),
                partial(_row, method, task, size, protocol),
            )
            for size in protocol.sizes
            for task in TITLES
            for method in METHODS
        ),
        ours=headline,
        draw=_draw,
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


def _row(method: str, task: str, size: int, protocol: Protocol, runs: Path) -> dict[str, Any]:
    # Here, as JAX takes a second to import.
    from airscene.paper.downstream.classify import downstream_row

    return downstream_row(method, task, size, protocol, runs)


def headline(rows: Sequence[Row]) -> str:
    """Say in a line how far AIR is ahead where labels are scarce.

    Args:
        rows: The rows; failed ones are left out, and said to be.
    """
    curves: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        if row["finished"]:
            curve = curves.setdefault((row["task"], row["method"]), {})
            curve[row["size"]] = row["accuracy"]
    parts = []
    for task, title in TITLES.items():
        air = curves.get((task, "air"), {})
        for size in sorted(_SCARCE & air.keys()):
            part = f"{title}, {size:,} labels: AIR {air[size]:.1%}"
            others = {m: curves.get((task, m), {}).get(size) for m in METHODS if m != "air"}
            others = {m: value for m, value in others.items() if value is not None}
            if others:
                best = max(others, key=others.__getitem__)
                part += f", {METHODS[best]} {others[best]:.1%} as the best of the others"
            if cnn := curves.get((task, "cnn")):
                part += f", the CNN as good with {labels_needed(cnn, air[size])}"
            parts.append(part)
    return "; ".join([*parts, *failures(rows)])


def labels_needed(curve: dict[int, float], accuracy: float) -> str:
    """Say how many labels a method needs for an accuracy, by its measured points.

    Between two sizes accuracy is taken to be linear in the logarithm of the size.

    Args:
        curve: Accuracy by number of labels.
        accuracy: The accuracy to reach.

    Returns:
        A number, or that it is less or more than the least or the largest measured.
    """
    sizes = sorted(curve)
    if curve[sizes[0]] >= accuracy:
        return f"{sizes[0]:,} or fewer"
    for low, high in zip(sizes, sizes[1:], strict=False):
        if curve[high] >= accuracy:
            share = (accuracy - curve[low]) / (curve[high] - curve[low])
            needed = math.exp(math.log(low) + share * math.log(high / low))
            # Two figures: the points are no more exact than that.
            return f"about {float(f'{needed:.1e}'):,.0f}"
    return f"more than {sizes[-1]:,}"


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports JAX.
    from airscene.evaluation.figures.label_curves import LabelCurve, label_curves

    panels = {}
    for task, title in TITLES.items():
        curves = []
        for method, name in METHODS.items():
            points = [r for r in rows if (r["task"], r["method"]) == (task, method)]
            points.sort(key=lambda row: row["size"])
            if points:
                accuracies = [row["accuracies"] for row in points]
                curves.append(LabelCurve(name, [row["size"] for row in points], accuracies))
        panels[title] = curves
    label_curves(panels).save(figures / "downstream.png")
