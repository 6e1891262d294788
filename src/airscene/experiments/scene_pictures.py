"""The pictures and the report of one run of inverse graphics."""

from pathlib import Path
from typing import Any

from airscene.evaluation import ImageRow, Picture, html_report, image_rows, named_curves
from airscene.experiments.scene_preset import ScenePreset
from airscene.experiments.scene_watch import SceneWatch, Stage
from airscene.files import write_atomic
from airscene.graphics import RenderPool
from airscene.training.record import read_metrics

# Stages in the picture of learning.
STAGES = 5

# Of each picture with curves: the metrics, what a curve is called, what they are, their unit.
_SHARES = {
    "count_accuracy": "counts",
    "types_accuracy": "set of types",
    "identity_accuracy": "type, of matched objects",
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
    angles = {f"rotation_error_{kind}": f"rotation, {kind}" for kind in preset.scenes.types}
    angles["camera_error"] = "camera"
    pictures: dict[str, tuple[str, Picture]] = {
        "scenes": (
            "Images never seen in training, and what the model takes them for at stages of "
            "training, drawn by the renderer.",
            image_rows(drawn),
        )
    }
    for name, caption, curves, label, scale in (
        ("accuracy", "What is right, by step.", _SHARES, "right, held-out scenes, %", 100),
        (
            "position",
            "How far from the truth objects are placed, by step.",
            {"position_error": "position"},
            "median error, % of the table's width",
            100,
        ),
        (
            "angles",
            "How far angles are from the truth, by step.",
            angles,
            "median error, degrees",
            1,
        ),
    ):
        lines = {}
        for key, called in curves.items():
            points = [(row["step"], scale * row[key]) for row in rows if key in row]
            if points:
                lines[called] = points
        if lines:
            pictures[name] = (f"{caption}", named_curves(lines, "training step", label))
    for name, (_, picture) in pictures.items():
        picture.save(folder / "figures" / f"{name}.png")
    return {caption: picture.data for caption, picture in pictures.values()}


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
