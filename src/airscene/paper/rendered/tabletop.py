"""Crockery on a table: counts, identities and positions through a renderer (Figs. 6e-h, 7)."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.inverse.config import Order
from airscene.paper.quick import quick_scenes
from airscene.paper.rendered.scene_results import draw_policy, draw_rows, draw_top_views
from airscene.paper.result import Claim, Result, Row, numbers, of_run
from airscene.paper.trained_scenes import scene_units
from airscene.runs.presets.rendered import DISTINCT, REPEATS
from airscene.runs.scene_preset import ScenePreset


def recurrent(preset: ScenePreset) -> ScenePreset:
    """The same with the paper's plain recurrent network."""
    model = replace(preset.model, network="recurrent")
    about = "The same with the paper's plain recurrent network."
    return replace(preset, name=f"{preset.name}-recurrent", about=about, model=model)


def supervised(preset: ScenePreset, order: Order) -> ScenePreset:
    """The same network, trained with labels in an order."""
    about = "The same network, trained with labels."
    return replace(preset, name=f"{preset.name}-supervised-{order}", about=about, labels=order)


_RECURRENT = recurrent(REPEATS)


def _ahead_of_labels(rows: Sequence[Row]) -> float | None:
    """How far counts are ahead of those of the better network trained with labels, with repeats."""
    names = [supervised(REPEATS, order).name for order in ("sampled", "type")]
    ours, *theirs = (
        numbers(of_run(rows, name), "count_accuracy") for name in (REPEATS.name, *names)
    )
    if not ours or not all(theirs):
        return None
    return statistics.median(ours) - max(map(statistics.median, theirs))


CLAIMS = (
    Claim("counts, types repeat", "accurate", REPEATS.name, "count_accuracy", aim=0.97, front=True),
    Claim("counts, no type repeats", "accurate", DISTINCT.name, "count_accuracy", aim=0.98),
    Claim(
        "position, error in widths of the table's region",
        "accurate",
        REPEATS.name,
        "position_error",
        aim=0.02,
        at_least=False,
    ),
    Claim(
        "counts ahead of training with labels, types repeat",
        "ahead, a plot",
        key="count_accuracy",
        aim=0.0,
        of=_ahead_of_labels,
    ),
    Claim(
        "counts by the recurrent network",
        "accurate",
        _RECURRENT.name,
        "count_accuracy",
        aim=0.97,
        front=True,
    ),
    Claim(
        "training",
        "not in the paper",
        REPEATS.name,
        "seconds",
        "{:,.0f} s",
        aim=5400.0,
        at_least=False,
        worst=True,
    ),
)


def tabletop(quickly: bool = False) -> Result:
    """Crockery on a table, recovered through a renderer, without labels (Figs. 6e-h, 7)."""
    presets = [
        one
        for p in (REPEATS, DISTINCT)
        for one in (p, recurrent(p), supervised(p, "sampled"), supervised(p, "type"))
    ]
    presets = [quick_scenes(p) if quickly else p for p in presets]
    seeds = (1,) if quickly else (1, 2)
    return Result(
        name="tabletop",
        about=(
            "Up to three cups, pans and plates on a table, inferred from an image through a "
            "renderer, where types may repeat and where they may not (section 3.2, Figs. 6e-f "
            "and 7), by the difference network, by the paper's plain recurrent one, and by the "
            "difference network trained with labels, in an arbitrary order and by type. Identity "
            "is of matched objects; position errors are medians of the distance, in widths of the "
            "table's region; reconstruction errors are mean squares, of white."
        ),
        units=tuple(unit for p in presets for unit in scene_units(p, seeds)),
        claims=CLAIMS,
        draw=partial(_draw, presets),
    )


def _draw(presets: Sequence[ScenePreset], rows: Sequence[Row], runs: Path, figures: Path) -> None:
    networks = ("AIR", "AIR,\nrecurrent", "labels,\nany order", "labels,\nby type")
    for first, name in ((0, "tabletop"), (len(networks), "tabletop-distinct")):
        shown = dict(zip(networks, presets[first : first + len(networks)], strict=True))
        draw_rows(shown, rows, runs, figures / f"{name}.png")
        draw_top_views(presets[first], rows, runs, figures / f"{name}-positions.png")
        draw_policy(presets[first], rows, runs, figures, f"{name}-policy")
