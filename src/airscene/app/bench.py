"""`make bench`: speed on this machine, each figure beside the floor it is measured against."""

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from airscene.data import load_digits, multi_mnist
from airscene.data.batches import batch_indices
from airscene.experiments import PRESETS
from airscene.inference.infer import infer
from airscene.inference.model import Model, load
from airscene.model.air import AIR
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


def training_step(name: str, images: np.ndarray) -> None:
    """One training step against the same operations done by matrix products alone."""
    preset = PRESETS[name]
    air = AIR(preset.model, key=jax.random.key(0))
    on_device = jnp.asarray(images[:, None])
    run = make_run(air, preset.training, on_device)
    indices = batch_indices(len(images), BATCH, 0, 0, STEPS)
    state = initial_state(air, preset.training)

    def step():
        nonlocal state
        state, bound = run(state, indices, STEPS)
        return bound

    traced = jax.make_jaxpr(run)(initial_state(air, preset.training), indices, STEPS)
    dots = products(traced.jaxpr)
    flops = sum(operations(*dot) for dot in dots)

    square = jax.random.normal(jax.random.key(1), (1024, 1024))
    multiply = jax.jit(lambda a: a @ a)
    operands = [(jnp.ones(left), jnp.ones(right), numbers) for left, right, numbers in dots]
    # The products of a step one after the other, in one program, and nothing else.
    alone = jax.jit(
        lambda pairs: [
            jax.lax.dot_general(a, b, numbers)
            for (a, b), (_, _, numbers) in zip(pairs, operands, strict=True)
        ]
    )
    pairs = [(a, b) for a, b, _ in operands]
    took, peak, same = [], [], []
    for _ in range(3):
        took.append(_seconds(step, 3) / STEPS)
        peak.append(flops * _seconds(lambda: multiply(square), 5) / (2 * 1024**3))
        same.append(_seconds(lambda: alone(pairs), 9))
    took, peak, same = min(took), min(peak), min(same)
    print(f"training step, {name}, batch {BATCH}: {took * 1e3:.1f} ms, {flops / 1e6:.0f} Mflop")
    print(f"  floor, 1024x1024 products: {peak * 1e3:.1f} ms; ratio {took / peak:.2f}")
    print(f"  floor, the step's own products alone: {same * 1e3:.1f} ms; ratio {took / same:.2f}")


def inference(model: Model, images: np.ndarray, counts: np.ndarray) -> None:
    """One image, many images, and how emptier scenes take less."""
    one = images[:1]
    print(
        f"inference, one image, warm: median {_seconds(lambda: model.infer(one), 101) * 1e3:.2f} ms"
    )
    _, prepared = model.prepare(images[:1000])
    network = _seconds(lambda: model.infer_arrays(prepared))
    whole = _seconds(lambda: model.infer(images[:1000]))
    print(
        f"inference, 1,000 images: {1000 / network:,.0f} images/s as arrays, "
        f"{1000 / whole:,.0f} with checks and Scenes"
    )
    for count in np.unique(counts):
        same = model.prepare(images[counts == count][:512])[1]
        took = _seconds(lambda same=same: model.infer_arrays(same))
        steps = np.mean([_steps(model.air, same[i : i + 128]) for i in range(0, len(same), 128)])
        print(f"  scenes of {count} objects: {steps:.2f} steps, {len(same) / took:,.0f} images/s")


def _steps(air: AIR, images: np.ndarray) -> int:
    """Steps that the loop of a batch takes: the last one that any scene asks for."""
    poses = eqx.filter_jit(jax.vmap(infer, in_axes=(None, 0)))(air, images).z_where
    return int((np.abs(poses).sum(axis=2) > 0).sum(axis=1).max())


def start_up(name: str, image: np.ndarray) -> None:
    """A cold `airscene infer`, whole process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.png"
        Image.fromarray(image).save(path)
        command = [sys.executable, "-m", "airscene.app.cli", "infer", name, str(path)]
        took = _seconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    print(f"start-up, airscene infer {name} one.png: median {took:.1f} s")


def main() -> None:
    """Print every figure."""
    digits = load_digits("test", "bundled")
    started = time.perf_counter()
    multi_mnist(digits, 60_000, seed=0)
    print(f"60,000 multi-MNIST scenes: {time.perf_counter() - started:.1f} s")
    scenes = multi_mnist(digits, 4000, seed=1)
    for name in ("multi-mnist-fast", "multi-mnist"):
        training_step(name, scenes.images)
    inference(load("multi-mnist"), scenes.images, scenes.counts)
    start_up("multi-mnist", scenes.images[0])


if __name__ == "__main__":
    main()
