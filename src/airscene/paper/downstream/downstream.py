"""Downstream tasks: what AIR's inferences are worth when labels are scarce (paper, Fig. 5)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airscene.paper.downstream.protocol import Protocol
from airscene.paper.result import Claim, Result, Row, Unit, numbers, of_run

METHODS = {"air": "AIR", "draw": "DRAW", "cae": "CAE", "cnn": "CNN"}
TITLES = {"sum": "sum of two digits", "order": "ascending order"}


def lead(task: str, size: int, rows: Sequence[Row]) -> float | None:
    """Return how far AIR's accuracy is ahead of that of the best of the others.

    Args:
        task: A key of `TITLES`.
        size: Number of labelled scenes.
        rows: All rows.

    Returns:
        The lead, negative if it is behind; None if one of the methods has no such row.
    """
    air, *others = (
        numbers(of_run(rows, f"{method}-{task}-{size}"), "accuracy") for method in METHODS
    )
    return air[0] - max(other[0] for other in others) if air and all(others) else None


CLAIMS = tuple(
    Claim(
        f"AIR ahead of the best of the others, {title}, {size:,} labels",
        "ahead, a plot",
        key="accuracy",
        style="{:.1%}",
        # Less would not be clearly ahead.
        aim=0.05,
        of=partial(lead, task, size),
        front=(task, size) == ("sum", 500),
    )
    for task, title in TITLES.items()
    for size in (500, 1600)
)


def downstream(quickly: bool = False) -> Result:
    """Two tasks on scenes of two digits, from AIR's, DRAW's and a CAE's embeddings and pixels."""
    protocol = _quick(Protocol()) if quickly else Protocol()
    return Result(
        name="downstream",
        about="Sum and order of two digits, by the number of labelled scenes (Fig. 5).",
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
        claims=CLAIMS,
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
