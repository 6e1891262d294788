"""Films of inference running through scenes, step by step."""

from pathlib import Path

import numpy as np

from airscene.evaluation import Inference, inference_film
from airscene.files import write_atomic
from airscene.inference.model import Model
from airscene.paper.result import Result, Row, Rows, described
from airscene.paper.trained import folder_of, quick, run_folder, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FAST, FULL, SPRITES

# Scenes in a film of inference: the first held-out ones, whatever becomes of them.
SCENES = 8

# Films that a run has then.
FILMS = ("learning", "inference")


def films(quickly: bool = False) -> Result:
    """Films of inference; those of learning are drawn by the results that train."""
    presets = [quick(FAST)] if quickly else [FULL, SPRITES, DAIR]
    units = training_units(presets, [1], film_row)
    return described("films", units, _draw, {"largest": _largest})


def film_row(preset: Preset, runs: Path) -> Row:
    """Make the film of inference of a preset's run, beside that of learning, which every run has.

    Returns its scenes and frames, how many scenes are counted right, and the bytes of both films.
    """
    model, held_out = trained(preset, runs), preset.data.load("test")
    scenes = inferences(model, held_out.images[:SCENES])
    film = inference_film(scenes)
    folder = run_folder(preset, runs) / "figures"
    film.save(folder / "inference.gif")
    right = [len(s.windows) == n for s, n in zip(scenes, held_out.counts, strict=False)]
    return {
        "scenes": len(scenes),
        "counts_right": int(sum(right)),
        "frames": film.shown["frames"],
        "bytes": {name: (folder / f"{name}.gif").stat().st_size for name in FILMS},
    }


def inferences(model: Model, images: np.ndarray) -> list[Inference]:
    """Infer images of a model's size, and draw the first 0, 1, ... objects of each."""
    inferred = model.infer_arrays(model.prepare(images)[1])
    probs = np.exp(inferred.log_q.astype(float))
    probs /= probs.sum(axis=1, keepdims=True)
    counts, z_where, z_what = probs.argmax(axis=1), *map(np.asarray, inferred[1:3])
    canvases = np.stack(
        [
            model.render_arrays(z_where, z_what, np.minimum(n, counts))
            for n in range(counts.max() + 1)
        ],
        axis=1,
    )
    return [
        Inference(image / 255.0, windows[:count], drawn[: count + 1], q)
        for image, windows, count, drawn, q in zip(
            images, inferred.windows, counts, canvases, probs, strict=True
        )
    ]


def _largest(rows: Rows) -> float | None:
    """The largest film of any run, in kilobytes."""
    sizes = [size for row in rows if row["finished"] for size in row["bytes"].values()]
    return max(sizes) / 1000 if sizes else None


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    for row in rows:
        if (folder := folder_of(row, runs)) and (folder / "figures").is_dir():
            for kind in ("gif", "json"):
                film = (folder / "figures" / f"inference.{kind}").read_bytes()
                write_atomic(figures / f"films-{row['run']}-inference.{kind}", film)
