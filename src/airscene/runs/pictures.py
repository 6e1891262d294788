"""The pictures and the report of one run."""

from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import (
    Curve,
    Picture,
    calibration,
    confusion,
    count_calibration,
    count_confusion,
    heatmaps,
    html_report,
    learning_curve,
    learning_film,
    objective_curve,
    reconstructions,
    sample_grid,
)
from airscene.files import write_atomic
from airscene.images import LabelledScenes
from airscene.inference import Model, load
from airscene.runs.preset import Preset, run_data
from airscene.runs.watch import Watch
from airscene.training.record import read_metrics

# Stages in the figure of Fig. 3, and frames in the film.
STAGES, FRAMES = 5, 30

# Figures of the first run of each preset that documents may show.
SHOWN = ("reconstructions.png", "samples.png", "learning.gif")

# Held-out scenes in the heat maps and the calibration.
SCENES = 5000


def draw_figures(
    model: Model, held_out: LabelledScenes, watch: Watch, seed: int, folder: Path
) -> dict[str, bytes]:
    """Draw every picture of a run into `figures/`, each with its JSON.

    Args:
        model: The trained model.
        held_out: Held-out scenes.
        watch: What was kept while it trained.
        seed: The run's seed, for captions and samples.
        folder: The run's folder.

    Returns:
        Caption and bytes of each picture, in the order of the report.
    """
    rows = read_metrics(folder / "metrics.jsonl")
    last = rows[-1]["step"]
    shown = watch.images[watch.shown] / 255.0
    inferred = model.infer_arrays(model.prepare(held_out.images[:SCENES])[1])
    probs = np.exp(inferred.log_q.astype(float))
    probs /= probs.sum(axis=1, keepdims=True)
    pictures: dict[str, tuple[str, Picture]] = {
        "reconstructions": (
            "Images never seen in training, and what the model makes of them at stages of "
            "training: the windows of the first, second and third step in red, green, blue "
            "(the paper's Fig. 3, left).",
            reconstructions(shown, watch.stages(STAGES, last)),
        ),
        "learning": (
            "Learning, from the first steps to the last.",
            learning_film(shown, watch.stages(FRAMES, last)),
        ),
        "heatmaps": (
            "Where each step looks: red the first, green the second (Fig. 3, right, below).",
            heatmaps({seed: step_centres(inferred.windows, probs)}, model.image_size),
        ),
        "samples": (
            "Samples from the model: scenes that it imagines, with as many objects as it finds in "
            "real ones.",
            sample_grid(model.sample(seed, 25, probs.argmax(axis=1))),
        ),
    }
    if held_out.counts.min() >= 0:
        curve = Curve(
            seed,
            np.array([row["step"] for row in rows]),
            np.array([row["count_accuracy"] for row in rows]),
        )
        counts = held_out.counts[:SCENES]
        pictures["counts"] = (
            "Share of held-out scenes counted right, by step (Fig. 3, right, above).",
            learning_curve([curve]),
        )
        pictures["confusion"] = (
            "Inferred counts by true count.",
            confusion(count_confusion(probs, counts)),
        )
        pictures["calibration"] = (
            "How often the inferred count is right, by how sure the model is.",
            calibration(count_calibration(probs, counts)),
        )
    for name, (_, picture) in pictures.items():
        picture.save(folder / "figures" / f"{name}.{'gif' if name == 'learning' else 'png'}")
    return {caption: picture.data for caption, picture in pictures.values()}


def step_centres(windows: np.ndarray, q: np.ndarray) -> list[np.ndarray]:
    """Return the centres of the windows of each step, over the scenes where it is used.

    Args:
        windows: Windows of all steps of each scene, in pixels.
        q: q(n | x) of each scene, or its logarithm.
    """
    counts = q.argmax(axis=1)
    centres = (windows[..., :2] + windows[..., 2:]) / 2.0
    return [centres[counts > step, step].astype(float) for step in range(windows.shape[1])]


def write_report(
    preset: Preset, folder: Path, evaluation: dict[str, Any], figures: dict[str, bytes]
) -> None:
    """Write `report.html` from what the run left."""
    rows = read_metrics(folder / "metrics.jsonl")
    page = html_report(folder.name, preset.config(), rows, evaluation, figures)
    write_atomic(folder / "report.html", page.encode())


def draw_seeds(name: str, folders: dict[int, Path], figures: Path) -> None:
    """Draw the figures over all runs of a preset: counts and bound by step, where steps look.

    Pictures that show one run are copied from the first.

    Args:
        name: Name of the preset.
        folders: Run folder of each seed.
        figures: Folder for the pictures, each with its JSON.
    """
    if not folders:
        return
    metrics = {seed: read_metrics(f / "metrics.jsonl") for seed, f in folders.items()}

    def curves(key: str) -> list[Curve]:
        return [
            Curve(seed, *(np.array([row[k] for row in rows]) for k in ("step", key)))
            for seed, rows in metrics.items()
        ]

    learning_curve(curves("count_accuracy")).save(figures / f"{name}-counts.png")
    objective_curve(curves("objective")).save(figures / f"{name}-bound.png")
    seed_heatmaps(dict(list(folders.items())[:3])).save(figures / f"{name}-heatmaps.png")
    first = next(iter(folders.values())) / "figures"
    for shown in SHOWN:
        for file in (first / shown, (first / shown).with_suffix(".json")):
            write_atomic(figures / f"{name}-{file.name}", file.read_bytes())


def seed_heatmaps(folders: dict[int, Path]) -> Picture:
    """Draw where each step looks on held-out scenes, a panel for each run.

    Args:
        folders: Run folder of each seed, all of one preset.
    """
    held_out = run_data(next(iter(folders.values()))).load("test").images[:SCENES]
    centres = {}
    for seed, folder in folders.items():
        model = load(folder)
        inferred = model.infer_arrays(model.prepare(held_out)[1])
        centres[seed] = step_centres(inferred.windows, inferred.log_q)
    return heatmaps(centres, held_out.shape[1:3])
