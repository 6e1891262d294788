"""Counts of digits on other grounds, in noise, faint, and of other sizes."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from airscene.evaluation import bars
from airscene.images import LabelledScenes
from airscene.inference import Model, load
from airscene.model.bundled import bundled_models
from airscene.paper.result import Result, Row, Rows, Unit, described, of_run
from airscene.paper.strange import SEEDS, photograph_folder, photographs, strange_images
from airscene.paper.trained import scaled, trained, training_units
from airscene.paper.unlike import as_images, flagged
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FULL, ROBUST
from airscene.training.augment import CONTRAST, GROUND, NOISE, SIZES, augment, magnified

# Held-out scenes, images of each kind that are unlike training, and both of the quick version.
SCENES, STRANGE, QUICK = 2000, 300, 60

# Those of the figure: what lies between is left out.
SHOWN = (
    "clean",
    f"ground_{GROUND}",
    f"contrast_{CONTRAST}",
    f"noise_{NOISE}",
    *(f"size_{size}" for size in SIZES),
    "together",
)

# What no model here was trained on.
UNLIKE = "noise_0.3", "half_size", "double_size", "six_objects", "inverted"

# Of the bundled weights that were trained on plain scenes.
PLAIN = {FULL.name: FULL, DAIR.name: DAIR}


def stress(quickly: bool = False) -> Result:
    """Counts of digits that differ from those of plain scenes."""
    n_scenes, n_strange = (QUICK, QUICK) if quickly else (SCENES, STRANGE)
    said = {"scenes": n_scenes, "strange": n_strange}
    units = [
        Unit(
            name,
            0,
            {"weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest(), **said},
            partial(bundled_row, name, n_scenes, n_strange),
        )
        for name, file in bundled_models().items()
        if name in PLAIN
    ]
    presets, seeds = scaled(quickly, (1, 2, 3), ROBUST)
    row = partial(_trained_row, n_scenes, n_strange)
    units += training_units(presets, seeds, row, said)
    return described("stress", units, _draw, scenes=SCENES, strange=STRANGE)


def bundled_row(name: str, n_scenes: int, n_strange: int, _: Path) -> Row:
    """Return how bundled weights that were trained on plain scenes count others."""
    model = load(name)
    assert isinstance(model, Model)
    return stress_row(model, PLAIN[name], n_scenes, n_strange)


def _trained_row(n_scenes: int, n_strange: int, preset: Preset, runs: Path) -> Row:
    return stress_row(trained(preset, runs), preset, n_scenes, n_strange)


def stress_row(model: Model, preset: Preset, n_scenes: int, n_strange: int) -> Row:
    """Return the share of right counts of scenes of each kind, and what the model flags as unlike.

    Args:
        model: The model.
        preset: The preset that trains it, whose digits and sizes of images the scenes have.
        n_scenes: How many held-out scenes.
        n_strange: How many images of each kind that no model here was trained on.
    """
    data = replace(preset.data, data_seed=SEEDS[0], n_test=n_scenes)
    scenes = data.load("test")
    row: dict[str, float] = {}
    for kind, images in changed(scenes):
        found = model.infer(images)
        row[kind] = float(np.mean(found.counts == scenes.counts))
        flags = [bool(scene.unlike and scene.unlike.flag) for scene in found]
        row[f"flagged_{kind}"] = float(np.mean(flags))
    strange = dict(strange_images(preset.data, n_strange))
    row |= {f"flagged_{kind}": flagged(model, strange[kind]) for kind in UNLIKE}
    if folder := photograph_folder():
        images = photographs(folder, n_strange, 1, model.image_size)
        row["flagged_photographs"] = flagged(model, images)
    return row


def changed(scenes: LabelledScenes) -> Iterator[tuple[str, np.ndarray]]:
    """Yield scenes as `airscene.training.augment` changes them, each kind with its name.

    One thing at a time, at the end of its range or between, and then all together, at random. The
    number of objects is that of the scenes.

    Args:
        scenes: Grey scenes.
    """
    images = scenes.images / np.float32(255.0)
    rng = np.random.default_rng(SEEDS[1])
    yield "clean", images
    for ground in (0.1, GROUND):
        yield f"ground_{ground}", np.minimum(images + ground, 1.0)
    for contrast in (CONTRAST, 0.7):
        yield f"contrast_{contrast}", contrast * images
    for deviation in (0.1, NOISE):
        noise = rng.normal(0.0, deviation, images.shape).astype(np.float32)
        yield f"noise_{deviation}", np.clip(images + noise, 0.0, 1.0)
    for size in SIZES:
        grown = jax.jit(jax.vmap(lambda image, size=size: magnified(image, jnp.float32(size))))
        yield f"size_{size}", as_images(np.asarray(grown(images[:, None])))
    keys = jax.random.split(jax.random.key(SEEDS[2]), len(images))
    together = jax.jit(jax.vmap(lambda image, key: augment(image, 1.0, key)))
    yield "together", as_images(np.asarray(together(images[:, None], keys)))


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    named = {FULL: "AIR", DAIR: "DAIR", ROBUST: "AIR, robust"}
    values = {
        kind.replace("_", "\n"): {
            label: [row[kind] for row in of_run(rows, preset.name)]
            for preset, label in named.items()
        }
        for kind in SHOWN
    }
    bars(values, "count accuracy", shares=True).save(figures / "stress.png")
