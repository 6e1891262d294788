"""What each deviation from the paper buys: off by itself in ours, on by itself in the paper's."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation.figures.plots import new_axes, plotted
from airscene.paper.counting.generalisation import measure
from airscene.paper.result import Result, Row, Rows, described, numbers, of_run
from airscene.paper.trained import (
    REACHED,
    quick,
    run_folder,
    trained,
    training_row,
    training_units,
)
from airscene.runs.preset import Preset
from airscene.runs.presets.images import FAST
from airscene.runs.presets.paper import AIR_PAPER, DAIR_PAPER, PAPER, fast_values, paper_values
from airscene.training.record import read_metrics

# What the score function alone has: it is removed together with the exact expectation over counts.
SAMPLED = ("whole learning signal", "baseline purely neural")

# What attention alone has: added to a place that is regressed, it would do nothing.
ATTENTION = ("no attention floor",)

# The estimators, without the prefix term, which trains objects whatever the counts are.
ESTIMATORS: Mapping[str, Mapping[str, Any]] = {
    "exact expectation": {},
    "importance-weighted, K = 5": {"estimator": "importance", "samples": 5},
    "score function": {"estimator": "score"},
    "score function, our baseline": {"estimator": "score-baseline"},
    "score function, the paper's": paper_values("counts sampled", "KL sampled", *SAMPLED),
}

# Updates where one thing is added to the paper's preset: a quarter of its own.
STEPS = 10_000

# Seeds of the paper's preset itself, and of all others.
PAPER_SEEDS, SEEDS = tuple(range(1, 11)), (1, 2, 3)


def _named(kind: str, name: str, preset: Preset) -> Preset:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
    return replace(preset, name=f"{kind}-{slug}")


def removed() -> dict[str, Preset]:
    """Return the fast preset, and with each thing as in the paper."""
    found = {"as it is": FAST}
    for name in PAPER:
        if name in SAMPLED:
            preset = FAST.override(**paper_values("counts sampled", name))
            found[f"counts sampled, {name}"] = _named("fast", f"sampled {name}", preset)
        else:
            found[name] = _named("fast", name, FAST.override(**paper_values(name)))
    return found


def added() -> dict[str, Preset]:
    """Return the paper's preset with fewer updates, and with each thing as in the fast preset."""
    fewer = AIR_PAPER.override(steps=STEPS)
    found = {"as it is": _named("paper", f"{STEPS} updates", fewer)}
    for name in (name for name in PAPER if name not in ATTENTION):
        also = SAMPLED if name == "counts sampled" else ()
        found[name] = _named("paper-without", name, fewer.override(**fast_values(name, *also)))
    return found


def estimated() -> dict[str, Preset]:
    """Return the fast preset without the prefix term, with each estimator."""
    bare = removed()["no prefix term"]
    return {
        name: _named("bare", name, bare.override(**estimator)) if estimator else bare
        for name, estimator in ESTIMATORS.items()
    }


def ablations(quickly: bool = False) -> Result:
    """Deviations from the paper, each off by itself, and each on by itself."""
    every = [*removed().values(), *estimated().values(), *added().values(), AIR_PAPER, DAIR_PAPER]
    # Without the prefix term, the exact expectation is in two of these.
    presets = {preset.name: preset for preset in every}.values()
    units = []
    if quickly:
        chosen = [FAST, added()["as it is"], removed()["no prefix term"]]
        units = training_units([quick(preset) for preset in chosen], [1], ablation_row)
    else:
        for preset in presets:
            seeds = PAPER_SEEDS if preset is AIR_PAPER else SEEDS
            units += training_units([preset], seeds, ablation_row)
    return described("ablations", units, _draw, {"seeds_at_98": _seeds_at_98})


def ablation_row(preset: Preset, runs: Path) -> Row:
    """Return what a run reached, and after how many updates it counted 98% right, if ever.

    And what it makes of three digits, which it was never shown (Table 1).
    """
    row, model = training_row(preset, runs), trained(preset, runs)
    three = replace(preset.data, counts=(3,)).load("test")
    metrics = read_metrics(run_folder(preset, runs) / "metrics.jsonl")
    reached = [m["step"] for m in metrics if m["count_accuracy"] >= REACHED]
    found = {"steps_to_98": reached[0] if reached else None}
    return {**row, **found, **measure(model.with_steps(3), three, "three")}


def _seeds_at_98(rows: Rows) -> float | None:
    """How many seeds of the paper's own preset counted 98% right at some time of their run.

    None as long as not all have been run, or where none has finished; one that failed has not.
    """
    mine = of_run(rows, AIR_PAPER.name)
    finished = [row for row in mine if row["finished"]]
    reached = sum(row["steps_to_98"] is not None for row in finished)
    return float(reached) if finished and len(mine) == len(PAPER_SEEDS) else None


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    panels = {
        f"{FAST.name}, with each": removed(),
        f"{AIR_PAPER.name}, {STEPS:,} updates, without each": added(),
        f"{FAST.name} without prefix term": estimated(),
    }
    shown: dict[str, dict[str, list[float]]] = {}
    for title, presets in panels.items():
        values = {
            name: [*map(float, found)]
            for name, preset in presets.items()
            if (found := numbers(of_run(rows, preset.name), "count_accuracy"))
        }
        if values:
            shown[title] = values
    if not shown:
        return
    all_axes = new_axes(1, len(shown), (4.4 * len(shown), 4.6))
    for axes, (title, values) in zip(all_axes, shown.items(), strict=True):
        heights = [-i for i in range(len(values))]
        axes.barh(heights, [np.median(v) for v in values.values()], color="#2b6cb0", alpha=0.7)
        for height, found in zip(heights, values.values(), strict=True):
            axes.plot(found, [height] * len(found), "o", color="black", markersize=2.5)
        axes.set_yticks(heights, list(values), fontsize=7)
        axes.set(xlim=(0, 1.02), ylim=(min(heights) - 0.7, 0.7), xlabel="count accuracy")
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.set_title(title, fontsize=9)
    plotted(all_axes[0], "ablations", **shown).save(figures / "ablations.png")
