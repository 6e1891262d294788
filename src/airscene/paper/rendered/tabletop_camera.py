"""Crockery on a table seen from a camera on an orbit, which is inferred too (Fig. 15)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from airscene.paper.quick import quick_scenes
from airscene.paper.rendered.scene_results import draw_rows, draw_top_views
from airscene.paper.rendered.tabletop import recurrent
from airscene.paper.result import Claim, Result, Row
from airscene.paper.trained_scenes import scene_units
from airscene.runs.presets.rendered import CAMERA
from airscene.runs.scene_preset import ScenePreset

CLAIMS = (
    Claim(
        "camera, error",
        "infers it",
        CAMERA.name,
        "camera_error",
        "{:.2f} degrees",
        aim=3.0,
        at_least=False,
        front=True,
    ),
    Claim("counts", "accurate", CAMERA.name, "count_accuracy", aim=0.93),
    Claim(
        "counts by the recurrent network",
        "accurate",
        recurrent(CAMERA).name,
        "count_accuracy",
        aim=0.93,
    ),
)


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
        units=tuple(u for p in presets for u in scene_units(p, (1,) if quickly else (1, 2))),
        claims=CLAIMS,
        draw=partial(_draw, presets),
    )


def _draw(presets: Sequence[ScenePreset], rows: Sequence[Row], runs: Path, figures: Path) -> None:
    shown = dict(zip(("AIR", "AIR,\nrecurrent"), presets, strict=True))
    draw_rows(shown, rows, runs, figures / "tabletop-camera.png")
    draw_top_views(presets[0], rows, runs, figures / "tabletop-camera-positions.png")
