"""Inference speed, of images and of 3-D scenes: time of a step and of an image (appendix J)."""

import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np

from airscene.evaluation import bars
from airscene.graphics import MujocoRenderer, SceneBatch, sample_scenes, shrink
from airscene.images import load_digits, multi_mnist
from airscene.inference import Model, load
from airscene.inverse import unroll
from airscene.inverse.model import InverseAIR
from airscene.model.bundled import bundled_models
from airscene.model.weights import with_metadata
from airscene.paper.rendered.tabletop import recurrent
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.paper.trained import scaled, training_units
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import CAMERA, REPEATS, SINGLE
from airscene.runs.scene_source import TEST_SEED

Given = TypeVar("Given")

# On an Nvidia Quadro K4000, of the paper: of a step; "up to around 17" for an image of 3 digits.
PAPER_STEP, PAPER_IMAGE = 5.6, 17.0

# On a CPU, of the paper: of a step, and of an image of three objects in 3-D.
SCENE_STEP, SCENE_IMAGE = 2.3, 8.0

# Bundled weights that are measured, where they are there; and presets of 3-D scenes.
WEIGHTS = ("multi-mnist", "multi-mnist-dair")
PRESETS = (SINGLE, REPEATS, recurrent(REPEATS), CAMERA)

# Objects in the images; images of each number; and 3-D scenes that are taken one at a time.
COUNTS, BATCH, IMAGES = (0, 1, 2, 3), 128, 32


def inference_speed(quickly: bool = False) -> Result:
    """How long inference takes, beside the paper's figures."""
    rounds, files = 20 if quickly else 300, bundled_models()
    weights = {name: files[name].read_bytes() for name in WEIGHTS if name in files}
    # What is said of images that are unlike those of training does not make them other weights.
    weights = {name: with_metadata(data, unlike=None) for name, data in weights.items()}
    return described(
        "inference-speed",
        tuple(
            Unit(
                name,
                0,
                {"weights_sha256": hashlib.sha256(data).hexdigest(), "rounds": rounds},
                partial(_speed_row, name, rounds),
            )
            for name, data in weights.items()
        ),
        _draw,
        batch=BATCH,
    )


def scene_inference_speed(quickly: bool = False) -> Result:
    """How long inference of 3-D scenes takes on the CPU, beside the paper's figures."""
    rounds, presets = 20 if quickly else 300, scaled(quickly, (1,), *PRESETS)
    units = training_units(*presets, partial(_scene_row, rounds), {"rounds": rounds})
    return described("scene-inference-speed", units, _draw_scenes, batch=BATCH)


def _speed_row(name: str, rounds: int, _: Path) -> Row:
    """The speed of bundled weights, which no run folder holds, on scenes of 0 to 3 digits."""
    scenes = multi_mnist(load_digits("test", "bundled"), 800, seed=1, counts=COUNTS)
    model = load(name)
    assert isinstance(model, Model)
    return speed(model, scenes.images, scenes.counts, rounds)


def speed(model: Model, images: np.ndarray, counts: np.ndarray, rounds: int) -> dict[str, Any]:
    """Measure the time of inference against the number of objects.

    Prepared images to arrays, compiled and warm. Inference of an image ends with the step that
    finds nothing further, or with the last that the model has.

    Args:
        model: The model.
        images: Images of its size.
        counts: Their numbers of objects, among them each of `COUNTS`.
        rounds: How often each time is taken, each time of another image; of batches a tenth.

    Returns:
        Medians in milliseconds, by number of objects n: `image_n` of one image at a time,
        `batched_n` an image of a batch; of a step, `step` and `batched_step`, a third of an image
        of three objects. And `steps_n`, the mean number of steps run for an image of n objects.
    """
    prepared = model.prepare(images)[1]
    of_count = {n: prepared[counts == n][:BATCH] for n in COUNTS}
    chosen, row = list(of_count.values()), {}
    for n, some in of_count.items():
        ran = np.abs(model.infer_arrays(some).z_where).sum(axis=2) > 0
        row[f"steps_{n}"] = round(float(ran.sum(axis=1).mean()), 2)
    alone = by_turns([(model.infer_arrays, list(x[:, None])) for x in chosen], rounds)
    row |= {f"image_{n}": round(ms, 4) for n, ms in zip(COUNTS, alone, strict=True)}
    batches = [[np.resize(x, (BATCH, *x.shape[1:]))] for x in chosen]
    batched = by_turns([(model.infer_arrays, x) for x in batches], max(3, rounds // 10))
    row |= {f"batched_{n}": round(ms / BATCH, 4) for n, ms in zip(COUNTS, batched, strict=True)}
    most = COUNTS[-1]
    row["step"] = round(row[f"image_{most}"] / most, 4)
    row["batched_step"] = round(row[f"batched_{most}"] / most, 4)
    return row


def by_turns(
    calls: Sequence[tuple[Callable[[Given], Any], Sequence[Given]]], rounds: int
) -> list[float]:
    """Return the median milliseconds of some rounds of calls, each with what it is given in turn.

    By turns, after one of each to warm up, so that a slow moment of the machine falls on all.
    """
    for call, given in calls:
        call(given[0])
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds):
        for found, (call, given) in zip(times, calls, strict=True):
            began = time.perf_counter()
            call(given[turn % len(given)])
            found.append((time.perf_counter() - began) * 1e3)
    return [statistics.median(each) for each in times]


def _scene_row(rounds: int, preset: ScenePreset, runs: Path) -> Row:
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


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    times: dict[str, dict[str, list[float]]] = {}
    for n in COUNTS:
        # The paper says it of images of three digits only.
        paper = {"paper, Quadro K4000": [PAPER_IMAGE]} if n == COUNTS[-1] else {}
        group = times[f"{n} objects"] = paper
        for row in rows:
            group[f"{row['run']}, one image"] = [row[f"image_{n}"]]
            group[f"{row['run']}, batch of {BATCH}"] = [row[f"batched_{n}"]]
    bars(times, "milliseconds an image", log=True).save(figures / "inference-speed.png")


def _draw_scenes(rows: Rows, runs: Path, figures: Path) -> None:
    kinds = {
        "networks alone": "network_image",
        f"networks alone, batch of {BATCH}": "batched_image",
        "everything": "image",
    }
    times = {
        row["run"].replace("-", "\n", 1): {name: [row[key]] for name, key in kinds.items()}
        for row in rows
    }
    times["paper"] = {"everything": [SCENE_IMAGE]}
    label = "milliseconds an image"
    bars(times, label, log=True).save(figures / "scene-inference-speed.png")
