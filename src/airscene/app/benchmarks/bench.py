"""`make bench`: speed on this machine, each figure beside the floor it is measured against."""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from airscene.app.benchmarks.bench_row import Row, bench_row
from airscene.app.benchmarks.patch_bench import patch_rows
from airscene.app.benchmarks.scene_bench import scene_rows
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
from airscene.runs.presets.images import FAST, FULL
from airscene.training.air import annealed_bound
from airscene.training.batches import batch_indices
from airscene.training.state import initial_state, make_run

BATCH = 64
STEPS = 20
REPEATS = 7


def _seconds(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median seconds of a call, after one to warm up."""
    jax.block_until_ready(call())
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def products(jaxpr: Any) -> list[tuple]:
    """Every matrix product of a computation, as (operand shapes, contracted and batch axes)."""
    found = []
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            shapes = tuple(v.aval.shape for v in equation.invars)
            found.append((*shapes, equation.params["dimension_numbers"]))
        for value in equation.params.values():
            for inner in jax.tree.leaves(value, is_leaf=lambda v: hasattr(v, "eqns")):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    found.extend(products(inner))
    return found


def operations(left: tuple, right: tuple, numbers: tuple) -> int:
    """Multiplications and additions of one product."""
    (_, contracted), (_, batch) = numbers
    free = [n for axis, n in enumerate(right) if axis not in (*contracted, *batch)]
    return 2 * math.prod(left) * math.prod(free)


def training_step(preset: Preset, images: np.ndarray) -> list[Row]:
    """One training step against its own matrix products, and against one large product.

    The first floor is the same products, one after the other in one program, and nothing else; the
    second is the same number of operations at the rate of a 1024x1024 product.
    """
    model = replace(preset.model, sigma=preset.model.sigma or estimate_sigma(images))
    air = AIR(model, key=jax.random.key(0))
    objective = annealed_bound(air, preset.training, images[:, None])
    run = make_run(air, preset.training, (jnp.asarray(images[:, None]),), objective)
    indices = batch_indices(len(images), BATCH, 0, 0, STEPS)
    state = initial_state(air, preset.training)

    def step():
        nonlocal state
        state, value = run(state, indices, STEPS)
        return value

    traced = jax.make_jaxpr(run)(initial_state(air, preset.training), indices, STEPS)
    dots = products(traced.jaxpr)
    flops = sum(operations(*dot) for dot in dots)
    square = jax.random.normal(jax.random.key(1), (1024, 1024))
    multiply = jax.jit(lambda a: a @ a)
    pairs = [(jnp.ones(left), jnp.ones(right)) for left, right, _ in dots]

    @jax.jit
    def alone(pairs):
        each = zip(pairs, dots, strict=True)
        return [jax.lax.dot_general(a, b, numbers) for (a, b), (_, _, numbers) in each]

    # By turns, so that a slow moment of the machine falls on all of them.
    took, same, peak = [], [], []
    for _ in range(5):
        took.append(_seconds(step, 3) / STEPS)
        same.append(_seconds(lambda: alone(pairs), 9))
        peak.append(flops * _seconds(lambda: multiply(square), 5) / (2 * 1024**3))
    took, same, peak = (statistics.median(times) for times in (took, same, peak))
    what = f"training step, {preset.name}, batch {BATCH}"
    floors = {
        f"its {flops / 1e6:.0f} Mflop of products alone": same,
        "the same at the rate of a 1024x1024 product": peak,
    }
    return [bench_row(what, took * 1e3, "ms", floor, at * 1e3) for floor, at in floors.items()]


def _loaded(name: str) -> Model:
    model = load(name)
    assert isinstance(model, Model)
    return model


def inference(model: Model, images: np.ndarray) -> list[Row]:
    """One image, and many images."""
    one, many = images[:1], images[:1000]
    prepared = model.prepare(many)[1]
    warm = _seconds(lambda: model.infer(one), 101)
    rows = [bench_row("inference, one image, warm", warm * 1e3, "ms")]
    for what, call in (
        ("Scenes", lambda: model.infer(many)),
        ("arrays", lambda: model.infer_arrays(prepared)),
    ):
        rate = len(many) / _seconds(call)
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
    """A cold `airscene infer`, the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.png"
        Image.fromarray(image).save(path)
        command = [sys.executable, "-m", "airscene.app.cli", "infer", name, str(path)]
        took = _seconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    return [bench_row(f"airscene infer {name} one.png, cold shell", took, "s")]


def scenes(n: int) -> list[Row]:
    """Making multi-MNIST."""
    digits = load_digits("test", "bundled")
    took = _seconds(lambda: multi_mnist(digits, n, seed=0), 3)
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
