"""Inference speed in 3-D: time of a step and of an image, on the CPU (appendix J)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.evaluation import bars
from airscene.graphics import MujocoRenderer, SceneBatch, sample_scenes, shrink
from airscene.inference import load
from airscene.inverse import unroll
from airscene.inverse.model import InverseAIR
from airscene.model.bundled import bundled_models
from airscene.paper.quick import scaled
from airscene.paper.rendered.tabletop import recurrent
from airscene.paper.result import Claim, Result, Row
from airscene.paper.speed.inference_speed import by_turns
from airscene.paper.trained import training_units
from airscene.runs.presets.rendered import CAMERA, REPEATS, SINGLE
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED

# On a CPU, of the paper: of a step, and of an image of three objects.
PAPER_STEP, PAPER_IMAGE = 2.3, 8.0

PRESETS = (SINGLE, REPEATS, recurrent(REPEATS), CAMERA)

# Images that are taken one at a time, by turns; and in a batch.
IMAGES, BATCH = 32, 128

CLAIMS = (
    *(
        Claim(
            f"{preset.name}, an image, by the networks alone",
            preset.name,
            "network_image",
            "{:.3g} ms",
            at_most=1.0,
            front=preset is REPEATS,
        )
        for preset in (SINGLE, REPEATS, CAMERA)
    ),
    *(
        Claim(
            f"{CAMERA.name}, {what} with everything",
            CAMERA.name,
            key,
            "{:.3g} ms",
            f"{paper:g} ms",
            at_most=paper,
        )
        for what, key, paper in (("a step", "step", PAPER_STEP), ("an image", "image", PAPER_IMAGE))
    ),
)


def scene_inference_speed(quickly: bool = False) -> Result:
    """How long inference of 3-D scenes takes, beside the paper's figures."""
    rounds = 20 if quickly else 300
    presets, seeds = scaled(quickly, (1,), *PRESETS)
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
        units=training_units(presets, seeds, partial(_speed_row, rounds), {"rounds": rounds}),
        claims=CLAIMS,
        draw=_draw,
    )


def _speed_row(rounds: int, preset: ScenePreset, runs: Path) -> dict[str, Any]:
    """The speed of a preset's networks, which needs no run."""
    return speed_of(preset, rounds)


def speed_of(preset: ScenePreset, rounds: int) -> dict[str, Any]:
    """Measure the time of inference of a preset's scenes, see `scene_speed`.

    With the bundled weights, so that each step finds an object; where there are none, with the
    weights before training, and `trained` is false: the recurrent network takes every step anyhow.
    """
    is_trained = preset.name in bundled_models()
    model = load(preset.name).air if is_trained else untrained(preset)
    assert isinstance(model, InverseAIR)
    truth = sample_scenes(preset.scenes, BATCH, seed=TEST_SEED, presence=1.0)
    renderer = MujocoRenderer(preset.scenes)
    try:
        return {"trained": is_trained, **scene_speed(model, truth, renderer.render, rounds)}
    finally:
        renderer.close()


def untrained(preset: ScenePreset) -> InverseAIR:
    """Return a preset's model as it is before training."""
    return eqx.filter_jit(InverseAIR)(preset.model, key=jax.random.key(preset.training.seed))


def scene_speed(
    model: InverseAIR, truth: SceneBatch, render: unroll.Render, rounds: int
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
    images, config = render(truth), model.config
    inputs, renders = unroll.as_inputs(images, config), []

    def keep(scenes: SceneBatch) -> np.ndarray:
        renders.append(shrink(render(scenes), images.shape[1] // config.image_shape[1]))
        return renders[-1]

    unroll.unroll(model, inputs, keep, unroll.mode_noise(len(inputs), config))

    def network(some: slice) -> None:
        before, noise = iter(renders), unroll.mode_noise(len(inputs[some]), config)
        unroll.unroll(model, inputs[some], lambda _: next(before)[some], noise)

    def whole(some: slice) -> None:
        unroll.infer(model, images[some], render)

    alone = [slice(i, i + 1) for i in range(IMAGES)]
    one, every = by_turns([(network, alone), (whole, alone)], rounds)
    (batched,) = by_turns([(network, [slice(None)])], max(3, rounds // 10))
    times = {
        "network_image": one,
        "network_step": one / config.n_slots,
        "image": every,
        "step": every / config.n_slots,
        "batched_image": batched / len(images),
    }
    return {name: round(ms, 4) for name, ms in times.items()}


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
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
