"""`make bench`: speed on this machine, each figure beside the floor it is measured against."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
from PIL import Image

from airscene.app.benchmarks.bench_row import Row, bench_row
from airscene.app.benchmarks.patch_bench import patch_rows
from airscene.app.benchmarks.scene_bench import scene_rows
from airscene.app.benchmarks.update_bench import seconds_of, update_rows
from airscene.baselines.draw import DRAW, mean_bound
from airscene.compiled import FOLDER
from airscene.files import write_atomic
from airscene.images import load_digits, multi_mnist
from airscene.images.estimates import estimate_sigma
from airscene.inference import Model, load
from airscene.inference.chunks import CHUNK
from airscene.model.air import AIR
from airscene.model.bundled import bundled_models
from airscene.paper.reproduce import commit, machine
from airscene.paper.speed import COUNTS, PAPER_STEP, WEIGHTS, speed
from airscene.runs.preset import Preset
from airscene.runs.presets.baselines import DRAW_012, DRAWPreset
from airscene.runs.presets.images import FAST, FULL
from airscene.training.air import annealed_bound

BATCH = 64
STEPS = 20


def training_step(preset: Preset, images: np.ndarray) -> list[Row]:
    """One training step of AIR against its floors."""
    model = replace(preset.model, sigma=preset.model.sigma or estimate_sigma(images))
    air = AIR(model, key=jax.random.key(0))
    config = replace(preset.training, batch_size=BATCH)
    objective = annealed_bound(air, preset.training, images[:, None])
    return update_rows(preset.name, air, config, images[:, None], objective, STEPS)


def draw_step(preset: DRAWPreset, images: np.ndarray) -> list[Row]:
    """One training step of DRAW with all its drawing steps, against its floors."""
    model, c = DRAW(preset.model, key=jax.random.key(0)), preset.model

    def objective(model, batch, key, step):
        noise = jax.random.normal(key, (len(batch[0]), c.n_steps, c.n_latents))
        return mean_bound(model, batch[0], noise)

    return update_rows(preset.name, model, preset.training, images[:, None], objective, 2)


def _loaded(name: str) -> Model:
    model = load(name)
    assert isinstance(model, Model)
    return model


def inference(model: Model, images: np.ndarray) -> list[Row]:
    """One image, and many images."""
    one, many = images[:1], images[:1000]
    prepared = model.prepare(many)[1]
    warm = seconds_of(lambda: model.infer(one), 101)
    rows = [bench_row("inference, one image, warm", warm * 1e3, "ms")]
    for what, call in (
        ("Scenes", lambda: model.infer(many)),
        ("arrays", lambda: model.infer_arrays(prepared)),
    ):
        rate = len(many) / seconds_of(call)
        rows.append(bench_row(f"inference, 1,000 images, to {what}", rate, "images/s"))
    return rows


def by_count(name: str) -> list[Row]:
    """A step, and an image by its number of objects (paper, appendix J)."""
    scenes = multi_mnist(load_digits("test", "bundled"), 800, seed=1, counts=COUNTS)
    took = speed(_loaded(name), scenes.images, scenes.counts, rounds=300)
    rows = [
        bench_row(f"{name}, a step (the paper: {PAPER_STEP} ms)", took["step"], "ms"),
        bench_row(f"{name}, a step in batches of {CHUNK}", took["batched_step"], "ms"),
    ]
    for n in COUNTS:
        what = f"{name}, image of {n} objects, {took[f'steps_{n}']:.2f} steps"
        rows.append(bench_row(what, took[f"image_{n}"], "ms"))
        rows.append(bench_row(f"{what}, in batches of {CHUNK}", took[f"batched_{n}"], "ms"))
    return rows


def start_up(name: str, image: np.ndarray) -> list[Row]:
    """A cold `airscene infer`, the whole process, beside what importing JAX takes of it.

    With compiled programs that were kept, and with none, as the first time on a machine.
    """

    def took(*arguments: str, **environment: str) -> float:
        command, known = [sys.executable, *arguments], {**os.environ, **environment}
        run = partial(subprocess.run, command, check=True, capture_output=True, env=known)
        return seconds_of(run, 5)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.png"
        Image.fromarray(image).save(path)
        infer = ("-m", "airscene.app.cli", "infer", name, str(path))
        floor = "import jax", took("-c", "import jax")
        what = f"airscene infer {name} one.png, cold shell"
        return [
            bench_row(what, took(*infer), "s", *floor),
            bench_row(f"{what}, nothing compiled", took(*infer, **{FOLDER: ""}), "s", *floor),
        ]


def scenes(n: int) -> list[Row]:
    """Making multi-MNIST."""
    digits = load_digits("test", "bundled")
    took = seconds_of(lambda: multi_mnist(digits, n, seed=0), 3)
    return [bench_row(f"{n:,} multi-MNIST scenes", took, "s")]


def main() -> None:
    """Measure, print, and write `--out` if it is given."""
    parser = argparse.ArgumentParser(
        prog="python -m airscene.app.benchmarks.bench", description=main.__doc__
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    out = parser.parse_args().out
    truth = multi_mnist(load_digits("test", "bundled"), 4000, seed=1)
    rows = []
    parts = (
        lambda: scenes(60_000),
        lambda: training_step(FAST, truth.images),
        lambda: training_step(FULL, truth.images),
        lambda: draw_step(DRAW_012, truth.images),
        lambda: inference(_loaded("multi-mnist"), truth.images),
        *(partial(by_count, name) for name in WEIGHTS if name in bundled_models()),
        lambda: start_up("multi-mnist", truth.images[0]),
        patch_rows,
        scene_rows,
    )
    for part in parts:
        for row in part():
            rows.append(row)
            text = f"{row['what']}: {row['value']:,g} {row['unit']}"
            if "floor" in row:
                text += f"; {row['floor']}: {row['floor_value']:g}, ratio {row['ratio']:g}"
            print(text)
    if out:
        file = {"result": "bench", "command": "make bench", "commit": commit()}
        file |= {"machine": machine(), "rows": rows}
        write_atomic(out, (json.dumps(file, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
