"""Crockery on a table seen from a camera on an orbit, which is inferred too (Fig. 15)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from airscene.paper.quick import quick_scenes
from airscene.paper.rendered.scene_results import draw_rows, draw_top_views, scene_lines
from airscene.paper.rendered.tabletop import recurrent
from airscene.paper.result import Result, Row
from airscene.paper.trained_scenes import scene_units
from airscene.runs.presets.rendered import CAMERA
from airscene.runs.scene_preset import ScenePreset


def tabletop_camera(quickly: bool = False) -> Result:
    """Crockery on a table and the camera, recovered through a renderer (Fig. 15)."""
    presets = [quick_scenes(p) if quickly else p for p in (CAMERA, recurrent(CAMERA))]
    return Result(
        name="tabletop-camera",
        about=(
            "Up to three cups, pans and plates, and where on an orbit of 40 degrees to both sides "
            "the camera is, inferred from an image through a renderer (section 3.2, Fig. 15). "
            "Camera errors are medians."
        ),
        paper="Infers the camera, and counts, identities and positions (Fig. 15, no number)",
        targets="camera error at or below 3 degrees, counts at or above 93%",
        units=tuple(u for p in presets for u in scene_units(p, (1,) if quickly else (1, 2))),
        ours=scene_lines,
        draw=partial(_draw, presets),
    )


def _draw(presets: Sequence[ScenePreset], rows: Sequence[Row], runs: Path, figures: Path) -> None:
    shown = dict(zip(("AIR", "AIR,\nrecurrent"), presets, strict=True))
    draw_rows(shown, rows, runs, figures / "tabletop-camera.png")
    draw_top_views(presets[0], rows, runs, figures / "tabletop-camera-positions.png")
