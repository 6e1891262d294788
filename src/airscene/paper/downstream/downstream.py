"""Downstream tasks: what AIR's inferences are worth when labels are scarce (paper, Fig. 5)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.evaluation.figures.label_curves import LabelCurve, label_curves
from airscene.paper.downstream.classify import downstream_row
from airscene.paper.downstream.protocol import Protocol
from airscene.paper.result import Claim, Result, Row, Unit, lead

METHODS = {"air": "AIR", "draw": "DRAW", "cae": "CAE", "cnn": "CNN"}
_OTHERS = ("draw", "cae", "cnn")
TITLES = {"sum": "sum of two digits", "order": "ascending order"}


CLAIMS = tuple(
    Claim(
        f"AIR ahead of the best of the others, {title}, {size:,} labels",
        key="accuracy",
        style="{:.1%}",
        paper="ahead, a plot",
        # Less would not be clearly ahead.
        at_least=0.05,
        of=partial(lead, f"air-{task}-{size}", [f"{m}-{task}-{size}" for m in _OTHERS], "accuracy"),
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
                partial(downstream_row, method, task, size, protocol),
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


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
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
