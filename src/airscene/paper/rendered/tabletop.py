"""Crockery on a table: counts, identities and positions through a renderer (Figs. 6e-h, 7, 15)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.inverse.config import Order
from airscene.paper.rendered.scene_results import draw_policy, draw_rows, draw_top_views
from airscene.paper.result import SECONDS, Claim, Result, Rows, lead
from airscene.paper.trained import scaled, training_units
from airscene.runs.presets.rendered import CAMERA, DISTINCT, REPEATS
from airscene.runs.scene_preset import ScenePreset

# What the rows of the figures say, of the networks of each data set.
NETWORKS: tuple[str, ...] = ("AIR", "AIR,\nrecurrent", "labels,\nany order", "labels,\nby type")


def recurrent(preset: ScenePreset) -> ScenePreset:
    """The same with the paper's plain recurrent network."""
    model = replace(preset.model, network="recurrent")
    about = "The same with the paper's plain recurrent network."
    return replace(preset, name=f"{preset.name}-recurrent", about=about, model=model)


def supervised(preset: ScenePreset, order: Order) -> ScenePreset:
    """The same network, trained with labels in an order."""
    about = "The same network, trained with labels."
    return replace(preset, name=f"{preset.name}-supervised-{order}", about=about, labels=order)


_COUNTS, _SLOW, _ACCURATE = "count_accuracy", "counts by the recurrent network", "accurate"
_PLACE = "position, error in widths of the table's region"
_AHEAD = "counts ahead of training with labels, types repeat"
_PLAIN, _PLAIN_CAMERA = recurrent(REPEATS).name, recurrent(CAMERA).name
_LABELLED = [supervised(REPEATS, order).name for order in ("sampled", "type")]
CLAIMS = (
    Claim(
        "counts, types repeat", REPEATS.name, _COUNTS, paper=_ACCURATE, at_least=0.97, front=True
    ),
    Claim("counts, no type repeats", DISTINCT.name, _COUNTS, paper=_ACCURATE, at_least=0.98),
    Claim(_PLACE, REPEATS.name, "position_error", paper=_ACCURATE, at_most=0.02),
    Claim(
        _AHEAD,
        key=_COUNTS,
        paper="ahead, a plot",
        at_least=0.0,
        of=partial(lead, REPEATS.name, _LABELLED, _COUNTS),
    ),
    Claim(_SLOW, _PLAIN, _COUNTS, paper=_ACCURATE, at_least=0.97, front=True),
    Claim("training", REPEATS.name, "seconds", SECONDS, at_most=5400.0, worst=True),
)
CAMERA_CLAIMS = (
    Claim(
        "camera, error",
        CAMERA.name,
        "camera_error",
        "{:.2f} degrees",
        "infers it",
        at_most=3.0,
        front=True,
    ),
    Claim("counts", CAMERA.name, _COUNTS, paper=_ACCURATE, at_least=0.93),
    Claim(_SLOW, _PLAIN_CAMERA, _COUNTS, paper=_ACCURATE, at_least=0.93),
)


def tabletop(quickly: bool = False) -> Result:
    """Crockery on a table, recovered through a renderer, without labels (Figs. 6e-h, 7)."""
    every = (
        one
        for p in (REPEATS, DISTINCT)
        for one in (p, recurrent(p), supervised(p, "sampled"), supervised(p, "type"))
    )
    presets, seeds = scaled(quickly, (1, 2), *every)
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
        units=training_units(presets, seeds),
        claims=CLAIMS,
        draw=partial(_draw, presets),
    )


def tabletop_camera(quickly: bool = False) -> Result:
    """Crockery on a table and the camera, recovered through a renderer (Fig. 15)."""
    presets, seeds = scaled(quickly, (1, 2), CAMERA, recurrent(CAMERA))
    return Result(
        name="tabletop-camera",
        about=(
            "Up to three cups, pans and plates, and where on an orbit of 40 degrees to both sides "
            "the camera is, inferred from an image through a renderer (section 3.2, Fig. 15). "
            "Camera errors are medians."
        ),
        units=training_units(presets, seeds),
        claims=CAMERA_CLAIMS,
        draw=partial(_draw_networks, "tabletop-camera", presets),
    )


def _draw(presets: Sequence[ScenePreset], rows: Rows, runs: Path, figures: Path) -> None:
    for first, name in ((0, "tabletop"), (len(NETWORKS), "tabletop-distinct")):
        _draw_networks(name, presets[first : first + len(NETWORKS)], rows, runs, figures)
        draw_policy(presets[first], rows, runs, figures, f"{name}-policy")


def _draw_networks(
    name: str, presets: Sequence[ScenePreset], rows: Rows, runs: Path, figures: Path
) -> None:
    shown = dict(zip(NETWORKS, presets, strict=False))
    draw_rows(shown, rows, runs, figures / f"{name}.png")
    draw_top_views(presets[0], rows, runs, figures / f"{name}-positions.png")
