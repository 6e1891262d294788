"""The 3-D part of `make bench`: rendering, a training step around it, and inference."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from airscene.app.benchmarks.bench_row import Row, bench_row
from airscene.errors import InputError
from airscene.graphics import MujocoRenderer, RenderPool
from airscene.graphics.mujoco.speed import render_speed
from airscene.paper.estimators.scene_gradient_variance import train_for
from airscene.paper.speed import BATCH, PRESETS, SCENE_IMAGE, SCENE_STEP, speed_of, untrained
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import REPEATS
from airscene.runs.scene_source import draw_scenes

# Training steps that are timed, after those that compile.
STEPS, COMPILING = 12, 2


def scene_rows() -> Iterator[Row]:
    """Make the rows, or say in a line why there are none: MuJoCo is an extra."""
    try:
        yield from rendering()
        yield from rendered_training_step()
        for preset in PRESETS:
            yield from rendered_inference(preset)
    except InputError as error:
        print(f"3-D is left out: {error}")


def rendering() -> list[Row]:
    """Renders scored in a second, beside MuJoCo's own renderer in the same run."""
    found = render_speed()
    what = f"3-D renders of three objects, 128x128, scored, {found['workers']} processes"
    stock = "mujoco.Renderer in one process, not scored"
    return [bench_row(what, found["per_second"], "renders/s", stock, found["stock_per_second"])]


def rendered_training_step() -> list[Row]:
    """A training step with the renderer in the loop, and how long of it is waiting for renders."""

    class Timed(RenderPool):
        seconds = 0.0

        def _call(self, *args: Any, **options: Any) -> np.ndarray:
            began = time.perf_counter()
            try:
                return super()._call(*args, **options)
            finally:
                self.seconds += time.perf_counter() - began

        def __enter__(self) -> "Timed":
            return self

    preset, stamps = REPEATS, []
    with Timed(partial(MujocoRenderer, preset.scenes)) as pool:

        def scenes(n: int, *, seed: tuple[int, ...]) -> Any:
            stamps.append((time.perf_counter(), pool.seconds))
            return draw_scenes(preset, n, seed=seed)

        train_for(untrained(preset), scenes, pool, preset.training, STEPS + COMPILING + 1)
    step, waited = np.median(np.diff(stamps[COMPILING:], axis=0), axis=0).tolist()
    what = f"training step, {preset.name}, batch {preset.training.batch_size}"
    return [bench_row(what, step * 1e3, "ms", "waiting for renders", waited * 1e3)]


def rendered_inference(preset: ScenePreset) -> list[Row]:
    """Inference of a 3-D image, networks alone and with everything."""
    took, name = speed_of(preset, 200), preset.name
    said = {
        "an image, networks alone": "network_image",
        f"a step, networks alone (the paper: {SCENE_STEP} ms)": "network_step",
        f"an image, with renders (the paper: {SCENE_IMAGE:.0f} ms)": "image",
        f"an image of a batch of {BATCH}, networks alone": "batched_image",
    }
    return [bench_row(f"{name}, {what}", took[key], "ms") for what, key in said.items()]
