"""How fast scenes are drawn and scored, beside MuJoCo's stock renderer in the same run."""

import statistics
from collections.abc import Callable
from functools import partial
from importlib import import_module
from timeit import timeit
from typing import Any

import numpy as np

from airscene.graphics.differences import Steps, plan_differences
from airscene.graphics.mujoco.context import make_context
from airscene.graphics.mujoco.renderer import MujocoRenderer
from airscene.graphics.pool.pool import RenderPool
from airscene.graphics.sample import sample_scenes
from airscene.graphics.scenes import SceneBatch
from airscene.graphics.world import TABLETOP, World

_IMAGES, _ROUNDS = 32, 15


def render_speed(workers: int | None = None, *, blur: float = 4.0) -> dict[str, Any]:
    """Renders a second of table-tops of three objects, 128x128, with blur and squared error.

    Drawn is what a training step draws: 32 scenes and their finite-difference neighbours. The stock
    renderer, `mujoco.Renderer`, draws the same 32 scenes one by one in one process, from the same
    file and so at the same quality, and does not score them. Both take turns, so that whatever else
    the machine does slows both; the medians of the turns are taken.

    Args:
        workers: of the pool; None for one a core.
        blur: standard deviation of the blur, in pixels.

    Returns:
        `workers`; `per_second` of the pool, `stock_per_second`, and their `ratio`.

    Raises:
        InputError: if MuJoCo or OpenGL is missing.
    """
    scenes = sample_scenes(TABLETOP, _IMAGES, seed=0, repeats=False, presence=1.0)
    plan = plan_differences(scenes, Steps())
    with RenderPool(partial(MujocoRenderer, TABLETOP), workers) as pool:
        targets, stock = pool.render(scenes), _stock(TABLETOP)

        def pooled() -> None:
            pool.log_likelihoods(plan.scenes, targets, plan.source, blur=blur, sigma=0.1)

        turns = [(pooled, len(plan.scenes)), (partial(stock, scenes), _IMAGES)]
        times = [[timeit(call, number=1) / of for call, of in turns] for _ in range(_ROUNDS)]
        ours, stocks = (statistics.median(column) for column in zip(*times, strict=True))
        return {
            "workers": pool.n_workers,
            "per_second": 1.0 / ours,
            "stock_per_second": 1.0 / stocks,
            "ratio": stocks / ours,
        }


def _stock(world: World) -> Callable[[SceneBatch], list[np.ndarray]]:
    """MuJoCo's renderer as its documentation uses it, for scenes without repeats."""
    make_context(16, 16)  # decides what MuJoCo draws with, before it is imported
    mujoco: Any = import_module("mujoco")

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
