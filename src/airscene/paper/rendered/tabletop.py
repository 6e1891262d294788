"""Crockery on a table: counts, identities and positions through a renderer (Figs. 6e-h, 7, 15)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.inverse.config import Order
from airscene.paper.rendered.scene_results import draw_policy, draw_rows, draw_top_views
from airscene.paper.result import Result, Rows, described
from airscene.paper.trained import scaled, training_units
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import CAMERA, DISTINCT, REPEATS

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


def tabletop(quickly: bool = False) -> Result:
    """Crockery on a table, recovered through a renderer, without labels (Figs. 6e-h, 7)."""
    every = (
        one
        for p in (REPEATS, DISTINCT)
        for one in (p, recurrent(p), supervised(p, "sampled"), supervised(p, "type"))
    )
    presets, seeds = scaled(quickly, (1, 2), *every)
    return described("tabletop", training_units(presets, seeds), partial(_draw, presets))


def tabletop_camera(quickly: bool = False) -> Result:
    """Crockery on a table and the camera, recovered through a renderer (Fig. 15)."""
    presets, seeds = scaled(quickly, (1, 2), CAMERA, recurrent(CAMERA))
    draw = partial(_draw_networks, "tabletop-camera", presets)
    return described("tabletop-camera", training_units(presets, seeds), draw)


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
