"""Real sets: trained with nothing but a folder, and with an object size; held-out images."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from airscene.baselines.blobs import log_blobs, otsu_watershed
from airscene.evaluation import bars
from airscene.evaluation.figures.explained import Explained, explained_rows
from airscene.evaluation.metrics.counted import counted_metrics
from airscene.images.frame import parse_object_size
from airscene.images.sets.counted import Counted, load_counted
from airscene.inference import PatchModel, load
from airscene.paper.result import Result, Row, Rows, Unit, described, numbers, of_run
from airscene.paper.trained import folder_of, run_folder, trained
from airscene.runs.preset import PatchPreset
from airscene.runs.presets.own import IMAGES
from airscene.schema import Together
from airscene.training.record import read_metrics

# The longer side of a typical object's box in pixels: the median of the labels, or by eye where
# there are none. It is what a user would say.
SIZES = {
    "dice": "40px",
    "nuclei": "23px",
    "shapes": "25px",
    "coins": "44px",
    "blood": "107px",
    "cards": "165px",
}

SEEDS = (1, 2, 3)

# Held-out images of each set that are shown, evenly chosen.
SHOWN = 3

# What needs no training, but the object size; what they hold fixed was seen on training images.
METHODS = {"otsu": otsu_watershed, "log": log_blobs}


def own_images(quickly: bool = False) -> Result:
    """Counts, boxes and places on six real sets, by the same recipe."""
    units = []
    # The first seed of all sets first.
    for seed, name, kind in product(SEEDS[:1] if quickly else SEEDS, SIZES, ("estimated", "given")):
        size = SIZES[name]
        preset = replace(IMAGES, name=f"own-{name}-{kind}")
        preset = preset.override(seed=seed, object_size=size if kind == "given" else "")
        if quickly:
            preset = preset.override(steps=40, evaluate_every=20, save_every=20)
        make = partial(own_row, preset, name, size)
        also = {"set": name, "size": size}
        units.append(Unit(preset.name, seed, Together(preset, also), make))
    for name, method in product(SIZES, METHODS):
        said = {"set": name, "size": SIZES[name], "method": method}
        make = partial(baseline_row, name, SIZES[name], method)
        units.append(Unit(f"own-{name}-{method}", 1, said, make))
    return described("own-images", units, _draw)


def own_row(preset: PatchPreset, name: str, size: str, runs: Path) -> Row:
    """Return what a model trained on a set's training images makes of those held out."""
    training, held_out = load_counted(name)
    model: PatchModel = trained(preset, runs, [one.image for one in training])
    config = model.air.config
    return {
        **counted_row(model, held_out, size),
        "seconds": read_metrics(run_folder(preset, runs) / "metrics.jsonl")[-1]["seconds"],
        "object_size": config.object_size,
        "object_pixels": float(np.median([_pixels(config.object_size, one) for one in held_out])),
        "background": config.background,
        "sizes": config.sizes,
        "exposure": config.exposure,
    }


def counted_row(model: PatchModel, held_out: Sequence[Counted], size: str) -> Row:
    """Return how counts, boxes and places of a model are on images that were counted by hand."""
    scenes = model.infer([one.image for one in held_out])
    boxes = [np.array([o.box for o in scene.objects]).reshape(-1, 4) for scene in scenes]
    side = float(np.median([_pixels(size, one) for one in held_out]))
    return counted_metrics(boxes, held_out, side)


def baseline_row(name: str, size: str, method: str, runs: Path) -> Row:
    """Return what a method without a model makes of a set's held-out images."""
    _, held_out = load_counted(name)
    sides = [_pixels(size, one) for one in held_out]
    boxes = [METHODS[method](one.image, side) for one, side in zip(held_out, sides, strict=True)]
    return counted_metrics(boxes, held_out, float(np.median(sides)))


def _pixels(size: str, one: Counted) -> float:
    return parse_object_size(size).pixels(one.image.shape[:2])


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    _bars(rows, figures)
    for name in SIZES:
        made = of_run(rows, f"own-{name}-estimated") or of_run(rows, f"own-{name}-given")
        folder = folder_of(made[0], runs) if made else None
        if not folder:
            continue
        model = load(folder)
        assert isinstance(model, PatchModel)
        _, held_out = load_counted(name)
        shown = [held_out[k] for k in np.linspace(0, len(held_out) - 1, SHOWN).astype(int)]
        scenes = model.infer([one.image for one in shown])
        found = [
            Explained(f"{one.source}: {one.count} in truth", one.image, s, model.render_one(s))
            for one, s in zip(shown, scenes, strict=True)
        ]
        explained_rows(found).save(figures / f"own-images-{name}.png")


def _bars(rows: Rows, figures: Path) -> None:
    kinds: Sequence[str] = ("given", "estimated")
    shares: dict[str, dict[str, Any]] = {}
    for name in SIZES:
        by_kind = {
            f"size {k}": numbers(of_run(rows, f"own-{name}-{k}"), "count_mae") for k in kinds
        }
        methods = {
            said: numbers(of_run(rows, f"own-{name}-{method}"), "count_mae")
            for said, method in (("Otsu + watershed", "otsu"), ("blobs (LoG)", "log"))
        }
        guess = numbers(of_run(rows, f"own-{name}-given"), "median_mae")
        if any(by_kind.values()) or any(methods.values()):
            shares[name] = {**by_kind, **methods, "always the median": guess[:1]}
    bars(shares, "count, mean absolute error, held-out images").save(figures / "own-images.png")
