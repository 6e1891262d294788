"""Images that are unlike those of training: how many of them a model flags, and of others.

Of the bundled weights of images.
"""

import hashlib
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import bars
from airscene.inference import Model, load
from airscene.model.bundled import bundled_models
from airscene.paper.result import Result, Row, Rows, Unit, described, numbers
from airscene.paper.speed import by_turns
from airscene.paper.strange import held_out, photograph_folder, photographs, strange_images
from airscene.runs.preset import Preset
from airscene.runs.presets import PRESETS

# Images of each kind, and held-out scenes; of the quick version.
IMAGES, QUICK = (500, 2000), (20, 40)

# Images at once whose time is taken, and how often.
BATCH, ROUNDS = 128, 40

KINDS = (
    *(f"noise_{x}" for x in (0.05, 0.1, 0.2, 0.3)),
    *(f"ground_{x}" for x in (0.05, 0.1, 0.2, 0.3)),
    *("photographs", "half_size", "double_size", "six_objects", "inverted"),
)


def unlike(quickly: bool = False) -> Result:
    """How many images that are unlike those of training are flagged, and how many that are not."""
    n, n_held_out = QUICK if quickly else IMAGES
    units = []
    for name, file in bundled_models().items():
        preset = PRESETS.get(name)
        # Those that were trained on grounds and noise are in the result `stress`.
        if isinstance(preset, Preset) and not preset.training.augment:
            said = {"weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
            said |= {"images": n, "held_out": n_held_out}
            units.append(Unit(name, 0, said, partial(unlike_row, name, n, n_held_out)))
    of = {f"least {key}": partial(_of_all, min, key) for key in KINDS}
    of |= {f"most {key}": partial(_of_all, max, key) for key in ("held_out", "extra_time")}
    return described("unlike", units, _draw, of, n=IMAGES[0], n_held_out=IMAGES[1])


def unlike_row(name: str, n: int, n_held_out: int, _: Path) -> Row:
    """Return the shares of images of each kind that bundled weights flag.

    And `extra_time`, by how much more time inference takes for it, of a batch of held-out scenes;
    `photographs` is there only where there are some, and otherwise `photographs_skipped` says why.
    """
    preset, model = PRESETS[name], load(name)
    assert isinstance(model, Model) and isinstance(preset, Preset)
    scenes = held_out(preset.data, n_held_out)
    row: dict[str, Any] = {"held_out": flagged(model, scenes)}
    for kind, images in strange_images(preset.data, n):
        row[kind] = flagged(model, images)
    if folder := photograph_folder():
        channels = model.air.config.image_shape[0]
        row["photographs"] = flagged(model, photographs(folder, n, channels, model.image_size))
    else:
        row["photographs_skipped"] = "AIRSCENE_DATA names no folder with a folder own"
    few, silent = as_images(scenes[:BATCH]), Model(model.air, name)
    with_it, without = by_turns([(model.infer, [few]), (silent.infer, [few])], ROUNDS)
    row["extra_time"] = round(with_it / without - 1.0, 3)
    return row


def flagged(model: Model, images: np.ndarray) -> float:
    """Return the share of images, channels first, that are flagged."""
    scenes = model.infer(as_images(images))
    return float(np.mean([bool(scene.unlike and scene.unlike.flag) for scene in scenes]))


def as_images(planes: np.ndarray) -> np.ndarray:
    """Return images as `Model.infer` takes them: [n, H, W] or [n, H, W, 3]."""
    planes = planes.astype(np.float32)
    return planes[:, 0] if planes.shape[1] == 1 else np.moveaxis(planes, 1, 3)


def _of_all(choose: Any, key: str, rows: Rows) -> float | None:
    """The least or the most of all models; None if no row has it."""
    found = numbers(rows, key)
    return choose(found) if found else None


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    groups: dict[str, dict[str, list[float]]] = {}
    parts = {
        "held out": ("held_out",),
        "noise": KINDS[:4],
        "ground": KINDS[4:8],
        **{kind.replace("_", "\n"): (kind,) for kind in KINDS[8:]},
    }
    for group, kinds in parts.items():
        groups[group] = {}
        for row in rows:
            found = [row[kind] for kind in kinds if kind in row]
            if found:
                groups[group][row["run"]] = [statistics.mean(found)]
    groups = {group: values for group, values in groups.items() if values}
    bars(groups, "flagged as unlike training", shares=True).save(figures / "unlike.png")
