"""Made sets whose masks are known: learnt without them, measured with them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airscene.evaluation import bars
from airscene.evaluation.masked import evaluate_masked
from airscene.inference import PatchModel
from airscene.paper.result import Result, Row, Rows, Unit, described, numbers, of_run
from airscene.paper.trained import run_folder, trained
from airscene.runs.preset import MaskedPreset
from airscene.runs.presets.masked import MANY_DIGITS, TETROMINOES, on
from airscene.schema import Together
from airscene.training.record import read_metrics

SEEDS = (1, 2, 3)

SETS = (TETROMINOES, *map(on, ("grey", "coloured", "textured")), MANY_DIGITS)

# What many digits are tried on beside: more of them, on larger images than any of training.
LARGE = {"counts": tuple(range(20, 31)), "image_size": 256, "n_test": 100}


def known_masks(quickly: bool = False) -> Result:
    """Masks and counts on three made sets, and on more digits than any scene of training has."""
    units = []
    for seed in SEEDS[:1] if quickly else SEEDS:
        for preset in SETS:
            preset = preset.override(seed=seed)
            if quickly:
                few = {"steps": 40, "evaluate_every": 20, "save_every": 20}
                preset = preset.override(**few, n_train=200, n_test=20)
            large = LARGE if preset.data.kind == MANY_DIGITS.data.kind else {}
            if quickly and large:
                large = {**large, "n_test": 4}
            make = partial(masked_row, preset, large)
            also = Together(preset, {"large": large}) if large else preset
            units.append(Unit(preset.name, seed, also, make))
    return described("known-masks", units, _draw)


def masked_row(preset: MaskedPreset, large: Mapping[str, Any], runs: Path) -> Row:
    """Return what a model reached on held-out scenes, and on larger ones if there are any."""
    model: PatchModel = trained(preset, runs)
    folder = run_folder(preset, runs)
    row = {
        **json.loads((folder / "evaluation.json").read_text()),
        "seconds": read_metrics(folder / "metrics.jsonl")[-1]["seconds"],
        "object_size": model.air.config.object_size,
        "background": model.air.config.background,
    }
    if large:
        found = evaluate_masked(model, replace(preset.data, **large).load("test"))
        row.update({f"large_{name}": value for name, value in found.items()})
    return row


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    shares = {}
    for preset in SETS:
        mine = of_run(rows, preset.name)
        values = {
            "counts right": numbers(mine, "count_accuracy"),
            "FG-ARI": numbers(mine, "fg_ari"),
            "mBO": numbers(mine, "mbo"),
        }
        if all(values.values()):
            # Long names would run into each other.
            shares[preset.name.replace("dsprites-", "dsprites\n")] = values
    bars(shares, "held-out scenes, of 1").save(figures / "known-masks.png")
