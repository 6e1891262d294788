"""Inference speed: time of a step, and of an image by its number of objects (appendix J)."""

import hashlib
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from airscene.evaluation import bars
from airscene.images import load_digits, multi_mnist
from airscene.inference import Model, load
from airscene.model.bundled import bundled_models
from airscene.paper.result import Claim, Result, Row, Unit

Given = TypeVar("Given")

# On an Nvidia Quadro K4000, of the paper: of a step; "up to around 17" for an image of 3 digits.
PAPER_STEP, PAPER_IMAGE = 5.6, 17.0

# Bundled weights that are measured, where they are there.
WEIGHTS = ("multi-mnist", "multi-mnist-dair")

# Objects in the images, and images of each number.
COUNTS = (0, 1, 2, 3)
BATCH = 128

CLAIMS = tuple(
    Claim(
        f"{name}, {what}",
        name,
        key,
        "{:.3g} ms",
        f"{paper:g} ms, on a GPU",
        at_most=paper,
        front=name == WEIGHTS[0] and key == "step",
    )
    for name in WEIGHTS
    for what, key, paper in (
        ("a step", "step", PAPER_STEP),
        (f"an image of {COUNTS[-1]} digits", f"image_{COUNTS[-1]}", PAPER_IMAGE),
    )
)


def inference_speed(quickly: bool = False) -> Result:
    """How long inference takes, beside the paper's figures."""
    rounds = 20 if quickly else 300
    files = bundled_models()
    return Result(
        name="inference-speed",
        about=(
            "Milliseconds of inference against the number of objects, one image at a time and in "
            f"batches of {BATCH}; a step is a third of an image of three objects."
        ),
        units=tuple(
            Unit(
                name,
                0,
                {"weights_sha256": _digest(files[name]), "rounds": rounds},
                partial(_speed_row, name, rounds),
            )
            for name in WEIGHTS
            if name in files
        ),
        claims=CLAIMS,
        draw=_draw,
    )


def _speed_row(name: str, rounds: int, _: Path) -> dict[str, Any]:
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


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    times: dict[str, dict[str, list[float]]] = {}
    for n in COUNTS:
        # The paper says it of images of three digits only.
        paper = {"paper, Quadro K4000": [PAPER_IMAGE]} if n == COUNTS[-1] else {}
        group = times[f"{n} objects"] = paper
        for row in rows:
            group[f"{row['run']}, one image"] = [row[f"image_{n}"]]
            group[f"{row['run']}, batch of {BATCH}"] = [row[f"batched_{n}"]]
    bars(times, "milliseconds an image", log=True).save(figures / "inference-speed.png")
