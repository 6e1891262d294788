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

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airscene.experiments.multi_mnist import FAST, FULL
from airscene.experiments.preset import Preset
from airscene.experiments.quick import quick
from airscene.experiments.result import Result, Row, Unit, of_run, spread
from airscene.experiments.trained import REACHED, run_folder, training_row

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


def estimators(quickly: bool = False) -> Result:
    """The paper's estimator beside the exact expectation over counts."""
    if quickly:
        presets = [quick(PRESETS[name], 200) for name in ("enumerated", "score-baseline")]
        units = [_variance_unit("variance-early", quick(FAST), pairs=5, fit=50)]
        units += [_training_unit(preset, 1) for preset in presets]
    else:
        units = [_variance_unit("variance-early", FAST, pairs=PAIRS, fit=FIT)]
        units += [_variance_unit("variance-late", FULL, pairs=PAIRS, fit=FIT)]
        units += [_training_unit(preset, seed) for preset in PRESETS.values() for seed in (1, 2)]
    return Result(
        name="estimators",
        about=(
            "The paper's estimator, the score function for presence with and without neural "
            "baselines (section 2.2, appendix A), beside the exact expectation over counts and the "
            f"importance-weighted bound of {SAMPLES} samples. Left: total variance of the gradient "
            "of a batch of 64, relative to that of the exact expectation, in the weights of the "
            f"presence logits and in all of q's: after {EARLY} steps of the fast preset, and of "
            "the bundled weights. Untrained, a baseline says what stopping there is worth. Right: "
            "count accuracy of the fast preset, each run a line; all have the same annealing, so "
            "that only the estimator differs."
        ),
        paper="Raw, the score function is likely to have high variance; baselines reduce it (2.2)",
        targets="the exact expectation has the least variance and is first at 98% of counts",
        units=tuple(units),
        ours=_lines,
        draw=_draw,
    )


def _variance_unit(name: str, preset: Preset, *, pairs: int, fit: int) -> Unit:
    preset = preset.override(seed=1)
    measured = {"samples": SAMPLES, "pairs": pairs, "fit": fit}
    configuration = {**preset.config(), **measured}
    if name == "variance-early":
        configuration["early"] = EARLY
    return Unit(name, 1, configuration, partial(variance_row, name, preset, measured))


def variance_row(name: str, preset: Preset, measured: dict[str, int], runs: Path) -> dict[str, Any]:
    """Return the variance of the gradient of every estimator, at one model.

    Args:
        name: "variance-early", for a model after the first steps of the preset; or
            "variance-late", for the bundled weights of the preset's name.
        preset: The preset.
        measured: What `gradient_variances` takes to measure.
        runs: Folder of all runs; not used, as no run is that short.

    Returns:
        What `gradient_variances` does, as `estimators`.
    """
    # Here, as JAX takes a second to import.
    import equinox as eqx
    import jax

    from airscene.experiments.gradient_variance import gradient_variances, train_for
    from airscene.experiments.preset import channels_first
    from airscene.model.air import AIR
    from airscene.model.bundled import bundled_models
    from airscene.model.weights import load_weights

    preset, training, _ = preset.load()
    images, config = channels_first(training.images), preset.training
    if name == "variance-early":
        air = eqx.filter_jit(AIR)(preset.model, key=jax.random.key(config.seed))
        step = EARLY
        air = train_for(air, images, config, step)
    else:
        air, step = load_weights(bundled_models()[preset.name]), config.steps
    return {"estimators": gradient_variances(air, images, config, step, **measured)}


def _training_unit(preset: Preset, seed: int) -> Unit:
    preset = preset.override(seed=seed)
    return Unit(preset.name, seed, preset.config(), partial(_curve_row, preset))


def _curve_row(preset: Preset, runs: Path) -> dict[str, Any]:
    """What a run reached, and its count accuracy on the way."""
    row = training_row(preset, runs)
    # Here, as it imports more than the command line's help should wait for.
    from airscene.training.record import read_metrics

    rows = read_metrics(run_folder(preset, runs) / "metrics.jsonl")
    keys = {"steps": "step", "seconds": "seconds", "count_accuracy": "count_accuracy"}
    return {**row, "curve": {key: [r[name] for r in rows] for key, name in keys.items()}}


def _relative(row: Row, group: str) -> dict[str, float]:
    """Variance of each estimator in a group of weights, relative to that of the enumerated one."""
    exact = row["estimators"]["enumerated"][group]
    return {name: each[group] / exact for name, each in row["estimators"].items()}


def _lines(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        if row["finished"] and "estimators" in row:
            exact = row["estimators"]["enumerated"]
            said = [
                f"{name} {ratio:.3g} ({ratio * each['seconds'] / exact['seconds']:.3g})"
                for (name, ratio), each in zip(
                    _relative(row, "presence").items(), row["estimators"].values(), strict=True
                )
            ]
            lines.append(
                f"{row['run']}, of presence, relative (times seconds of the processor): "
                + ", ".join(said)
            )
    for name, preset in PRESETS.items():
        if ours := of_run(rows, preset.name):
            counts = spread(ours, "count_accuracy", "{:.2%}")
            lines.append(f"{name}: counts {counts}, 98% after {_reached(ours)}")
    return "; ".join(lines)


def _reached(rows: Sequence[Row]) -> str:
    said = []
    for row in rows:
        if not row["finished"]:
            continue
        curve = row["curve"]
        reached = [a >= REACHED for a in curve["count_accuracy"]]
        at = reached.index(True) if any(reached) else None
        said.append(
            "never"
            if at is None
            else f"{curve['steps'][at]:,} steps ({curve['seconds'][at]:.0f} s)"
        )
    return ", ".join(said)


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports more than the command line's help should wait for.
    from airscene.evaluation import accuracy_curves, bars, side_by_side

    variances = {
        f"{row['run'].removeprefix('variance-')}, {group}": {
            name: [ratio] for name, ratio in _relative(row, group).items()
        }
        for row in rows
        if "estimators" in row
        for group in ("presence", "posterior")
    }
    curves = {
        name: [row["curve"] for row in of_run(rows, preset.name)]
        for name, preset in PRESETS.items()
    }
    panels = [bars(variances, "variance of the gradient, relative", log=True)] if variances else []
    for label, key in (("training step", "steps"), ("seconds", "seconds")):
        lines = {
            name: [([*map(float, curve[key])], curve["count_accuracy"]) for curve in each]
            for name, each in curves.items()
            if each
        }
        if lines:
            panels.append(accuracy_curves(lines, label))
    side_by_side(panels).save(figures / "estimators.png")
