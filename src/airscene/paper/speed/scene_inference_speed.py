"""Inference speed in 3-D: time of a step and of an image, on the CPU (appendix J)."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airscene.paper.quick import quick_scenes
from airscene.paper.rendered.tabletop import recurrent
from airscene.paper.result import Claim, Result, Row, Unit
from airscene.runs.presets.rendered import CAMERA, REPEATS, SINGLE
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED
from airscene.schema import Together

if TYPE_CHECKING:
    import numpy as np

    from airscene.graphics import SceneBatch
    from airscene.inverse.model import InverseAIR
    from airscene.inverse.unroll import Render

# On a CPU, of the paper: of a step, and of an image of three objects.
PAPER_STEP, PAPER_IMAGE = 2.3, 8.0

PRESETS = (SINGLE, REPEATS, recurrent(REPEATS), CAMERA)

# Images that are taken one at a time, by turns; and in a batch.
IMAGES, BATCH = 32, 128

CLAIMS = (
    *(
        Claim(
            f"{preset.name}, an image, by the networks alone",
            "not in the paper",
            preset.name,
            "network_image",
            "{:.3g} ms",
            aim=1.0,
            at_least=False,
            front=preset is REPEATS,
        )
        for preset in (SINGLE, REPEATS, CAMERA)
    ),
    *(
        Claim(
            f"{CAMERA.name}, {what} with everything",
            f"{paper:g} ms",
            CAMERA.name,
            key,
            "{:.3g} ms",
            aim=paper,
            at_least=False,
        )
        for what, key, paper in (("a step", "step", PAPER_STEP), ("an image", "image", PAPER_IMAGE))
    ),
)


def scene_inference_speed(quickly: bool = False) -> Result:
    """How long inference of 3-D scenes takes, beside the paper's figures."""
    rounds = 20 if quickly else 300
    presets = [(quick_scenes(p) if quickly else p).override(seed=1) for p in PRESETS]
    return Result(
        name="scene-inference-speed",
        about=(
            "Milliseconds of inference of 3-D scenes on the CPU, of images with as many objects "
            "as there can be, three on the table-top: of the networks alone, one image at a time "
            f"and in batches of {BATCH}, and with all there is to do, which is shrinking the image "
            "and, for the difference network, drawing and shrinking the objects so far before "
            "each step. A step is an image's share. With fewer objects the difference network "
            "ends at the first step that finds nothing, and takes less."
        ),
        units=tuple(
            Unit(p.name, 1, Together(p, {"rounds": rounds}), partial(_speed_row, p, rounds))
            for p in presets
        ),
        claims=CLAIMS,
        draw=_draw,
    )


def _speed_row(preset: ScenePreset, rounds: int, runs: Path) -> dict[str, Any]:
    """The speed of a preset's networks, which needs no run."""
    return speed_of(preset, rounds)


def speed_of(preset: ScenePreset, rounds: int) -> dict[str, Any]:
    """Measure the time of inference of a preset's scenes, see `scene_speed`.

    With the bundled weights, so that each step finds an object; where there are none, with the
    weights before training, and `trained` is false: the recurrent network takes every step anyhow.
    """
    # Here, as the renderer is an extra, and JAX takes a second to import.
    from airscene.graphics import MujocoRenderer, sample_scenes
    from airscene.inference import load
    from airscene.model.bundled import bundled_models

    is_trained = preset.name in bundled_models()
    model = load(preset.name).air if is_trained else untrained(preset)
    truth = sample_scenes(preset.scenes, BATCH, seed=TEST_SEED, presence=1.0)
    renderer = MujocoRenderer(preset.scenes)
    try:
        return {"trained": is_trained, **scene_speed(model, truth, renderer.render, rounds)}
    finally:
        renderer.close()


def untrained(preset: ScenePreset) -> "InverseAIR":
    """Return a preset's model as it is before training."""
    # Here, as JAX takes a second to import.
    import equinox as eqx
    import jax

    from airscene.inverse.model import InverseAIR

    return eqx.filter_jit(InverseAIR)(preset.model, key=jax.random.key(preset.training.seed))


def scene_speed(
    model: "InverseAIR", truth: "SceneBatch", render: "Render", rounds: int
) -> dict[str, float]:
    """Measure the time of inference, compiled and warm.

    The networks alone see the renders of what they inferred, which are made before.

    Args:
        model: The model.
        truth: Scenes to infer from their images, `IMAGES` or more.
        render: Draws scenes, in this process.
        rounds: How often the time of one image is taken, each time of another; of all at once a
            tenth.

    Returns:
        Medians in milliseconds: `network_image` and `network_step` of the networks alone, given
        renders of their size; `image` and `step` of everything; `batched_image`, the networks'
        with all the images at once, an image.
    """
    from airscene.graphics import shrink
    from airscene.inverse.unroll import as_inputs, infer, mode_noise, unroll

    images, config = render(truth), model.config
    inputs, renders = as_inputs(images, config), []

    def keep(scenes: "SceneBatch") -> "np.ndarray":
        renders.append(shrink(render(scenes), images.shape[1] // config.image_shape[1]))
        return renders[-1]

    unroll(model, inputs, keep, mode_noise(len(inputs), config))

    def network(some: slice) -> None:
        before, noise = iter(renders), mode_noise(len(inputs[some]), config)
        unroll(model, inputs[some], lambda _: next(before)[some], noise)

    def whole(some: slice) -> None:
        infer(model, images[some], render)

    alone = [slice(i, i + 1) for i in range(IMAGES)]
    one, every = _by_turns([(network, alone), (whole, alone)], rounds)
    (batched,) = _by_turns([(network, [slice(None)])], max(3, rounds // 10))
    times = {
        "network_image": one,
        "network_step": one / config.n_slots,
        "image": every,
        "step": every / config.n_slots,
        "batched_image": batched / len(images),
    }
    return {name: round(ms, 4) for name, ms in times.items()}


def _by_turns(
    calls: Sequence[tuple[Callable[[slice], None], Sequence[slice]]], rounds: int
) -> list[float]:
    """Median milliseconds of each call, so that a slow moment of the machine falls on all."""
    for call, given in calls:
        call(given[0])
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds):
        for found, (call, given) in zip(times, calls, strict=True):
            began = time.perf_counter()
            call(given[turn % len(given)])
            found.append((time.perf_counter() - began) * 1e3)
    return [statistics.median(each) for each in times]


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports more than the command line's help should wait for.
    from airscene.evaluation import bars

    kinds = {
        "networks alone": "network_image",
        f"networks alone, batch of {BATCH}": "batched_image",
        "everything": "image",
    }
    times = {
        row["run"].replace("-", "\n", 1): {name: [row[key]] for name, key in kinds.items()}
        for row in rows
    }
    times["paper"] = {"everything": [PAPER_IMAGE]}
    label = "milliseconds an image"
    bars(times, label, log=True).save(figures / "scene-inference-speed.png")
