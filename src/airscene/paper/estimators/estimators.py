"""The paper's estimator beside ours: variance of the gradient, and what it means for training.

Section 2.2 and appendices A and C: the score function for presence, with and without neural
baselines, against the exact expectation over counts and the importance-weighted bound.

In its raw form the score function multiplies by the whole of log p(x, z, n) / q(z, n), most of
which is a constant of the likelihood, some 700 nats here. And a baseline trained by its squared
error, as Mnih & Gregor train theirs, is not the one of least variance: for a step present with
probability p, that one is (1 - p) times what presence is worth and p times what absence is, where
the mean has it the other way round. So where a step is nearly sure to be present, the worth of
stopping, which is what an untrained baseline says, is the better baseline.
"""

from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import equinox as eqx
import jax

from airscene.evaluation import accuracy_curves, side_by_side
from airscene.model.air import AIR
from airscene.model.bundled import bundled_models
from airscene.model.weights import load_weights
from airscene.paper.estimators.gradient_variance import gradient_variances, train_for
from airscene.paper.estimators.relative import relative, relative_of, variance_bars
from airscene.paper.result import Result, Row, Rows, Unit, described, of_run
from airscene.paper.trained import REACHED, quick, run_folder, training_row, training_units
from airscene.runs.preset import Preset, channels_first
from airscene.runs.presets.images import FAST, FULL
from airscene.schema import Together
from airscene.training.record import read_metrics

# K of the importance-weighted bound.
SAMPLES = 5

# Updates after which the early model is looked at, out of the 1,500 of its run.
EARLY = 200

# Pairs of gradients behind each variance, and updates of the baseline before it is looked at.
PAIRS, FIT = 100, 600


def _preset(name: str, **training: Any) -> Preset:
    return replace(FAST, name=f"{FAST.name}-{name}").override(**training)


# The fast preset with each estimator; the first is the fast preset itself.
PRESETS = {
    "enumerated": FAST,
    "importance": _preset("importance", estimator="importance", samples=SAMPLES),
    "score": _preset("score", estimator="score"),
    # As many images as it might need, should its variance only slow it down.
    "score, 4,500 steps": _preset("score-4500", estimator="score", steps=4500),
    "score-baseline": _preset("score-baseline", estimator="score-baseline"),
}


def _lead(rows: Rows) -> float | None:
    """Steps that the exact expectation is at 98% of counts before any other, by the medians."""
    steps = {}
    for name, preset in PRESETS.items():
        reached = [_steps_to_98(row) for row in of_run(rows, preset.name) if row["finished"]]
        if not reached:
            return None
        steps[name] = median(inf if at is None else at for at in reached)
    exact = steps.pop("enumerated")
    return float(min(steps.values()) - exact) if exact < inf else None


def estimators(quickly: bool = False) -> Result:
    """The paper's estimator beside the exact expectation over counts."""
    fixed = [("variance-early", FAST, PAIRS, FIT), ("variance-late", FULL, PAIRS, FIT)]
    presets, seeds = list(PRESETS.values()), [1, 2]
    if quickly:
        fixed = [("variance-early", quick(FAST), 5, 50)]
        presets = [quick(PRESETS[name]) for name in ("enumerated", "score-baseline")]
        seeds = [1]
    units = [*(_variance_unit(*each) for each in fixed)]
    units += training_units(presets, seeds, _curve_row)
    of = {name: partial(relative_of, "variance-early", name, "presence", None) for name in PRESETS}
    of_all = {**of, "lead": _lead}
    return described("estimators", units, _draw, of_all, samples=SAMPLES, early=EARLY)


def _variance_unit(name: str, preset: Preset, pairs: int, fit: int) -> Unit:
    preset = preset.override(seed=1)
    measured = {"samples": SAMPLES, "pairs": pairs, "fit": fit}
    early = {"early": EARLY} if name == "variance-early" else {}
    configuration = Together(preset, {**measured, **early})
    return Unit(name, 1, configuration, partial(variance_row, name, preset, measured))


def variance_row(name: str, preset: Preset, measured: dict[str, int], runs: Path) -> Row:
    """Return the variance of the gradient of every estimator, at one model.

    Args:
        name: "variance-early", for a model after the first steps of the preset; or
            "variance-late", for the bundled weights of the preset's name.
        preset: The preset.
        measured: What `gradient_variances` takes to measure.
        runs: Not used: no run is that short.
    """
    preset, training, _ = preset.load()
    images, config = channels_first(training.images), preset.training
    if name == "variance-early":
        air = eqx.filter_jit(AIR)(preset.model, key=jax.random.key(config.seed))
        step = EARLY
        air = train_for(air, images, config, step)
    else:
        air, step = load_weights(bundled_models()[preset.name]), config.steps
    return {"estimators": gradient_variances(air, images, config, step, **measured)}


def _curve_row(preset: Preset, runs: Path) -> Row:
    """What a run reached, and its count accuracy on the way."""
    row = training_row(preset, runs)
    rows = read_metrics(run_folder(preset, runs) / "metrics.jsonl")
    keys = {"steps": "step", "seconds": "seconds", "count_accuracy": "count_accuracy"}
    return {**row, "curve": {key: [r[name] for r in rows] for key, name in keys.items()}}


def _steps_to_98(row: Row) -> int | None:
    """Steps after which a run first counts 98% right; None if it never does."""
    curve = row["curve"]
    pairs = zip(curve["steps"], curve["count_accuracy"], strict=True)
    return next((at for at, accuracy in pairs if accuracy >= REACHED), None)


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    groups = {
        f"{row['run'].removeprefix('variance-')}, {group}": relative(row, group)
        for row in rows
        if "estimators" in row
        for group in ("presence", "posterior")
    }
    panels = []
    if any(groups.values()):
        panels.append(variance_bars(groups, "variance of the gradient, relative"))
    curves = {
        name: [row["curve"] for row in of_run(rows, preset.name)]
        for name, preset in PRESETS.items()
    }
    # Processor seconds of a gradient of each estimator, as one process measured them all.
    early = next(iter(of_run(rows, "variance-early")), {"estimators": {}})["estimators"]
    seconds = {name: each["seconds"] for name, each in early.items()}
    ways = {name: preset.training.estimator for name, preset in PRESETS.items()}
    for label, scales in (
        ("training step", dict.fromkeys(ways.values(), 1.0)),
        ("processor seconds of the gradients", seconds),
    ):
        lines = {
            name: [
                ([scales[ways[name]] * s for s in c["steps"]], c["count_accuracy"]) for c in each
            ]
            for name, each in curves.items()
            if each and ways[name] in scales
        }
        if lines:
            panels.append(accuracy_curves(lines, label))
    side_by_side(panels).save(figures / "estimators.png")
