"""What inference of a whole image costs: against its pixels, and against its objects."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from airscene.evaluation.figures.plots import new_axes, plotted
from airscene.inference import PatchModel
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.paper.trained import trained
from airscene.runs.preset import MaskedPreset
from airscene.runs.presets.masked import MANY_DIGITS
from airscene.schema import Together

# Sides of images that have as many objects; numbers of objects in images of one size; and what the
# aim is of.
SIDES, FEW = (128, 256, 512, 1024, 2048, 4096), 9
NUMBERS, SIDE = (9, 25, 50, 100, 200), 2048
LARGEST, MOST, BATCH = 4096, 200, 64

# Digits lie in groups, each on a square of this side; a median is of so many times.
GROUP, ROUNDS = 128, 5

# Seconds that have a line in the figure.
SECONDS = (0.03, 0.1, 0.3, 1.0, 3.0)


def scan_cost(quickly: bool = False) -> Result:
    """Seconds of inference by a model of patches, as images and their numbers of objects grow."""
    preset = MANY_DIGITS.override(seed=1)
    cases = [(side, FEW, 1) for side in SIDES]
    cases += [(SIDE, n, 1) for n in NUMBERS if n != FEW]
    cases += [(LARGEST, MOST, 1), (GROUP, FEW, BATCH)]
    if quickly:
        few = {"steps": 40, "evaluate_every": 20, "save_every": 20, "n_train": 200, "n_test": 20}
        preset, cases = preset.override(**few), [(GROUP, FEW, 1), (2 * GROUP, 2 * FEW, 2)]
    units = []
    for side, n, batch in cases:
        case = {"side": side, "objects": n, "batch": batch}
        together = Together(preset, {**case, "rounds": ROUNDS})
        make = partial(cost_row, preset, case)
        units.append(Unit(f"scan-{side}-{n}-{batch}", 1, together, make))
    return described("scan-cost", units, _draw, batch=BATCH, side=SIDE, few=FEW)


def cost_row(preset: MaskedPreset, case: Mapping[str, int], runs: Path) -> Row:
    """Return how long images of a size take that have a number of objects, warm."""
    model: PatchModel = trained(preset, runs)
    images = digits_on(preset, case["side"], case["objects"], case["batch"])
    scenes, times = model.infer(images), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        scenes = model.infer(images)
        times.append((time.perf_counter() - began) / len(images))
    wrong = float(np.abs(scenes.counts - case["objects"]).mean())
    return {**case, "seconds": round(statistics.median(times), 5), "count_mae": wrong}


def digits_on(
    preset: MaskedPreset, side: int, n: int, batch: int
) -> list[Float32[np.ndarray, "side side"]]:
    """Return black images with digits, in groups of nine on squares of 128 pixels at random.

    Args:
        preset: What draws the digits of a square.
        side: Side of the images, in pixels.
        n: Digits an image.
        batch: Number of images.
    """
    rng, cells = np.random.default_rng(n + side), side // GROUP
    images = np.zeros((batch, side, side), np.float32)
    for count, how_many in ((FEW, n // FEW), (n % FEW, 1 if n % FEW else 0)):
        if not how_many:
            continue
        wanted = replace(preset.data, counts=(count,), n_test=batch * how_many)
        squares = wanted.load("test").images.reshape(batch, how_many, GROUP, GROUP) / 255.0
        for image, some in zip(images, squares, strict=True):
            free = [k for k in range(cells**2) if not _square(image, k, cells).any()]
            for k, one in zip(rng.permutation(free), some, strict=False):
                _square(image, int(k), cells)[:] = one
    return list(images)


def _square(image: np.ndarray, k: int, cells: int) -> np.ndarray:
    row, column = divmod(k, cells)
    return image[row * GROUP : (row + 1) * GROUP, column * GROUP : (column + 1) * GROUP]


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    alone = [row for row in rows if row["batch"] == 1]
    shown: dict[str, Any] = {}
    panels = new_axes(1, 2, (8.0, 3.5))
    few = [row for row in alone if row["objects"] == FEW]
    same = [row for row in alone if row["side"] == SIDE]
    for axes, some, key, label in (
        (panels[0], few, "side", f"side of the image in pixels, {FEW} objects"),
        (panels[1], same, "objects", f"objects, {SIDE}x{SIDE} pixels"),
    ):
        some = sorted(some, key=lambda row: row[key])
        x, y = ([row[name] for row in some] for name in (key, "seconds"))
        axes.loglog(x, y, color="#2b6cb0", marker="o")
        axes.set(xlabel=label, ylabel="seconds", xticks=x)
        axes.set_xticklabels([f"{value:,}" for value in x], fontsize=8)
        axes.minorticks_off()
        axes.set(ylim=(SECONDS[0] / 2, SECONDS[-1] * 2), yticks=SECONDS)
        axes.set_yticklabels([f"{value:g}" for value in SECONDS])
        axes.grid(alpha=0.3)
        shown[key] = {"x": x, "seconds": y}
    plotted(panels[0], "scan_cost", **shown).save(figures / "scan-cost.png")
