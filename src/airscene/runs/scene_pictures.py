"""The pictures and the report of one run of inverse graphics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airscene.evaluation import ImageRow, Picture, html_report, image_rows, named_curves
from airscene.files import write_atomic
from airscene.graphics import RenderPool
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_watch import SceneWatch, Stage
from airscene.training.record import read_metrics

# Stages in the picture of learning.
STAGES = 5

# What may be right or wrong, and what its curve is called.
SHARES = {
    "count_accuracy": "counts",
    "types_accuracy": "set of types",
    "identity_accuracy": "types of matched objects",
}


def draw_scene_figures(
    preset: ScenePreset, watch: SceneWatch, pool: RenderPool, folder: Path
) -> dict[str, bytes]:
    """Draw every picture of a run into `figures/`, each with its JSON.

    Args:
        preset: The preset.
        watch: What was kept while it trained.
        pool: Draws its scenes.
        folder: The run's folder.

    Returns:
        Caption and bytes of each picture, in the order of the report.

    Raises:
        RendererError: If the renderer fails.
    """
    rows = read_metrics(folder / "metrics.jsonl")
    stages = watch.stages(STAGES, rows[-1]["step"])
    drawn = [ImageRow("data", watch.images / 255.0)]
    drawn += [ImageRow(_label(s), pool.render(s.inferred) / 255.0) for s in stages]
    angles = {f"rotation_error_{kind}": kind for kind in preset.scenes.types}
    angles["camera_error"] = "camera"
    pictures = {
        "scenes": (
            "Images never seen in training, and what the model takes them for at stages of "
            "training, drawn by the renderer.",
            image_rows(drawn),
        ),
        "accuracy": (
            "Share of the watched scenes, or of their objects, that is right, by step.",
            _curves(rows, SHARES, "right on held-out scenes, %", 100.0),
        ),
        "position": (
            "Median distance of matched objects from the truth, by step.",
            _curves(rows, {"position_error": "position"}, "error, % of the table's width", 100.0),
        ),
        "angles": (
            "Median errors of rotations, modulo the symmetry of the object, and of the camera, by "
            "step.",
            _curves(rows, angles, "error, degrees", 1.0),
        ),
    }
    shown = {}
    for name, (caption, picture) in pictures.items():
        if picture is not None:
            picture.save(folder / "figures" / f"{name}.png")
            shown[caption] = picture.data
    return shown


def _curves(
    rows: Sequence[dict[str, Any]], names: dict[str, str], up: str, scale: float
) -> Picture | None:
    """Curves of those metrics that the rows have, if any: nothing is matched at first."""
    lines = {
        name: [(float(row["step"]), scale * row[key]) for row in rows if key in row]
        for key, name in names.items()
        if any(key in row for row in rows)
    }
    return named_curves(lines, "training step", up) if lines else None


def _label(stage: Stage) -> str:
    lines = [f"step {stage.step:,}", f"counts {stage.measured['count_accuracy']:.0%}"]
    if "position_error" in stage.measured:
        lines.append(f"position {stage.measured['position_error']:.1%}")
    return "\n".join(lines)


def write_scene_report(
    preset: ScenePreset, folder: Path, evaluation: dict[str, Any], figures: dict[str, bytes]
) -> None:
    """Write `report.html` from what the run left."""
    rows = read_metrics(folder / "metrics.jsonl")
    page = html_report(folder.name, preset.config(), rows, evaluation, figures)
    write_atomic(folder / "report.html", page.encode())
