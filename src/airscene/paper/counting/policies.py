"""Learned policies: by what a step chooses where to look (paper, Figs. 3 and 13)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from airscene.evaluation import bars, count_accuracy, foretell, pairs_taken
from airscene.evaluation.figures.directions import directions
from airscene.evaluation.metrics.policy import FOLDS, direction, rayleigh
from airscene.images import LabelledScenes
from airscene.inference import Model
from airscene.model.stored import with_config
from airscene.paper.result import Result, Row, Rows, described, numbers, of_run
from airscene.paper.trained import folder_of, scaled, seed_heatmaps, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FAST, FULL, SPRITES

# What a rule may look at, as `evaluation.policy.pairs_taken` names it.
GROUPS = ("position", "position_quadratic", "class", "size", "all")

# The same digits with rows and columns exchanged: they are wider than high.
TRANSPOSED = replace(
    FAST,
    name=f"{FAST.name}-transposed",
    data=replace(FAST.data, kind="multi-mnist-transposed"),
)

# Runs whose maps are drawn.
MAPS = 6


def policies(quickly: bool = False) -> Result:
    """Whether place, class or size says which object a step takes, and from which side."""
    if quickly:
        units = training_units(*scaled(True, (1,), FAST), policy_row)
    else:
        units = training_units([FAST], range(1, 21), policy_row)
        units += training_units([TRANSPOSED, FULL, SPRITES], (1, 2, 3), policy_row)
        units += training_units([DAIR], (1, 2, 3), sided_row)
    of: dict[str, Callable[[Rows], float | None]] = {
        "uniform": partial(_uniform, FAST, 1),
        "uniform_axis": partial(_uniform, FAST, 2),
        "across": partial(_across, FAST),
        "across_transposed": partial(_across, TRANSPOSED),
    }
    return described("policies", units, _draw, of)


def policy_row(preset: Preset, runs: Path) -> Row:
    """Return how well position, class and size say which of two objects a model takes first.

    The number of pairs, and of each group of features the accuracy and its standard error; without
    these if the model finds two objects too seldom. And towards which side the first ones lie.
    """
    model, held_out = trained(preset, runs), preset.data.load("test")
    return _order(model, held_out)


def sided_row(preset: Preset, runs: Path) -> Row:
    """Return the same of a difference network, with the search over sides and from one side."""
    model, held_out = trained(preset, runs), preset.data.load("test")
    air = with_config(model.air, replace(model.air.config, sides=1))
    one = _order(Model(air, model.name, model.typical), held_out)
    return {**_order(model, held_out), **{f"one_side_{key}": value for key, value in one.items()}}


def _order(model: Model, held_out: LabelledScenes) -> Row:
    inferred = model.infer_arrays(model.prepare(held_out.images)[1])
    probs = np.exp(inferred.log_q.astype(float))
    pairs = pairs_taken(held_out, probs.argmax(axis=1), inferred.boxes)
    found = {
        "count_accuracy": count_accuracy(probs, held_out.counts),
        "pairs": len(pairs["position"]),
    }
    if found["pairs"] < FOLDS:
        return found
    foretold = {group: foretell(pairs[group]) for group in GROUPS}
    return {
        **found,
        **{group: round(rule.accuracy, 4) for group, rule in foretold.items()},
        "standard_error": {g: round(rule.standard_error, 4) for g, rule in foretold.items()},
        "direction": round(direction(pairs["position"]), 4),
    }


def _directions(rows: Rows, preset: Preset) -> np.ndarray:
    return np.array(numbers(of_run(rows, preset.name), "direction"))


def _uniform(preset: Preset, times: int, rows: Rows) -> float | None:
    """The p-value of uniform directions of a preset's runs, or of so many times their angles."""
    found = _directions(rows, preset)
    return rayleigh(times * found) if len(found) else None


def _across(preset: Preset, rows: Rows) -> float | None:
    """Share of a preset's runs whose direction is nearer to the x axis than to the y axis."""
    found = _directions(rows, preset)
    return float((np.abs(np.cos(found)) > np.abs(np.sin(found))).mean()) if len(found) else None


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    shares: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        # Short, and in two lines, so as not to run into the next name.
        name = row["run"].removeprefix(f"{FULL.name}-").replace("fast-", "fast,\n")
        for prefix, bar in (("", name), ("one_side_", f"{name},\none side")):
            for group in GROUPS:
                if f"{prefix}{group}" in row:
                    found = shares.setdefault(bar, {}).setdefault(group.replace("_", ", "), [])
                    found.append(row[f"{prefix}{group}"])
    bars(shares, "first of two objects foretold", shares=True).save(figures / "policies.png")
    groups = {
        preset.name: [*map(float, found)]
        for preset in (FAST, TRANSPOSED, FULL)
        if len(found := _directions(rows, preset))
    }
    if groups:
        directions(groups).save(figures / "policies-directions.png")
    folders = {row["seed"]: folder_of(row, runs) for row in of_run(rows, FAST.name)}
    here = {seed: folder for seed, folder in folders.items() if folder}
    if here:
        shown = dict(list(here.items())[:MAPS])
        seed_heatmaps(shown).save(figures / "policies-heatmaps.png")
