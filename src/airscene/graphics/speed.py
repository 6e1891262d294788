"""How fast scenes are drawn and scored, beside MuJoCo's stock renderer in the same run."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.differences import Steps, plan_differences
from airscene.graphics.mujoco_renderer import MujocoRenderer
from airscene.graphics.pool import RenderPool
from airscene.graphics.sample import sample_scenes
from airscene.graphics.scenes import SceneBatch
from airscene.graphics.world import TABLETOP, World

_IMAGES, _ROUNDS = 32, 7


def render_speed(workers: int | None = None, *, blur: float = 4.0) -> dict[str, Any]:
    """Renders a second of table-tops of three objects, 128x128, with blur and squared error.

    Drawn is what a training step draws: 32 scenes and their finite-difference neighbours. The stock
    renderer, `mujoco.Renderer`, draws the same 32 scenes one by one in one process, from the same
    file and so at the same quality, and does not score them. All take turns, so that whatever else
    the machine does slows all; the medians of seven turns are taken. CPU time hardly depends on
    what else it does.

    Args:
        workers: of the pool; None for one a core.
        blur: standard deviation of the blur, in pixels.

    Returns:
        `per_second` of the pool and `stock_per_second`, by the clock, and their `ratio`; and
        `cpu_microseconds` and `stock_cpu_microseconds`, a render in one process, and their ratio.

    Raises:
        InputError: if MuJoCo or OpenGL is missing.
    """
    world = TABLETOP
    scenes = sample_scenes(world, _IMAGES, seed=0, repeats=False, presence=1.0)
    plan = plan_differences(scenes, Steps())
    n = len(plan.scenes)
    renderer = MujocoRenderer(world)
    targets, stock = renderer.render(scenes), _stock(world)
    bases = [blur_basis(side, blur) for side in world.image_size]
    observed = blurred(targets, *bases)

    def here() -> None:
        for start in range(0, n, _IMAGES):
            some = slice(start, start + _IMAGES)
            drawn = blurred(renderer.render(plan.scenes[some]), *bases)
            log_likelihoods(drawn, observed, plan.source[some], 0.1, targets[0].size)

    with RenderPool(partial(MujocoRenderer, world), workers) as pool:
        pooled = partial(
            pool.log_likelihoods, plan.scenes, targets, plan.source, blur=blur, sigma=0.1
        )
        turns = [(pooled, n), (partial(stock, scenes), _IMAGES), (here, n)]
        times = np.array([[_times(call, of) for call, of in turns] for _ in range(_ROUNDS)])
        (found, _), (stock_clock, stock_cpu), (_, cpu) = np.median(times, axis=0)
        return {
            "workers": pool.n_workers,
            "per_second": 1.0 / found,
            "stock_per_second": 1.0 / stock_clock,
            "ratio": stock_clock / found,
            "cpu_microseconds": 1e6 * cpu,
            "stock_cpu_microseconds": 1e6 * stock_cpu,
            "cpu_ratio": stock_cpu / cpu,
        }


def _stock(world: World) -> Callable[[SceneBatch], list[np.ndarray]]:
    """MuJoCo's renderer as its documentation uses it, for scenes without repeats."""
    import mujoco

    model = mujoco.MjModel.from_xml_path(world.mjcf)
    data = mujoco.MjData(model)
    renderer = mujoco.Renderer(model, *world.image_size)

    def draw(scenes: SceneBatch) -> list[np.ndarray]:
        images = []
        for types, poses in zip(scenes.types, scenes.poses, strict=True):
            for kind, (x, y, angle) in zip(types, poses, strict=True):
                body = model.body(world.types[kind])
                body.pos[:2] = np.multiply(world.half_size, (x, y))
                body.quat[:] = np.cos(angle / 2.0), 0.0, 0.0, np.sin(angle / 2.0)
            mujoco.mj_forward(model, data)
            renderer.update_scene(data, camera=world.camera)
            images.append(renderer.render().copy())
        return images

    return draw


def _times(call: Callable[[], object], renders: int) -> tuple[float, float]:
    """Seconds by the clock and of this process's CPU time, a render."""
    clock, cpu = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - clock) / renders, (time.process_time() - cpu) / renders
