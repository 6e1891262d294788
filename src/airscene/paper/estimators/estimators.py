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
from math import floor, hypot, inf, log10
from pathlib import Path
from statistics import median
from typing import Any

from airscene.paper.quick import quick
from airscene.paper.result import Result, Row, Unit, of_run, spread
from airscene.paper.trained import REACHED, run_folder, training_row
from airscene.runs.preset import Preset
from airscene.runs.presets.digits import FAST, FULL
from airscene.schema import Together

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
            "the bundled weights, with standard errors. A variance whose standard error exceeds "
            "half of it is not separated from 0 and has no bar. The baseline has an analytic term, "
            "the likelihood of the objects so far, which takes a pass through the decoder: "
            "untrained, it says what stopping there is worth. Middle: count accuracy of the fast "
            "preset, each run a line; all have the same annealing, so that only the estimator "
            "differs. Right: the same against seconds of the processor, steps times what a "
            "gradient of a batch takes, as measured with the early variances in one process; the "
            "rest of a step is not in it."
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
    early = {"early": EARLY} if name == "variance-early" else {}
    configuration = Together(preset, {**measured, **early})
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

    from airscene.model.air import AIR
    from airscene.model.bundled import bundled_models
    from airscene.model.weights import load_weights
    from airscene.paper.estimators.gradient_variance import gradient_variances, train_for
    from airscene.runs.preset import channels_first

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
    return Unit(preset.name, seed, preset, partial(_curve_row, preset))


def _curve_row(preset: Preset, runs: Path) -> dict[str, Any]:
    """What a run reached, and its count accuracy on the way."""
    row = training_row(preset, runs)
    # Here, as it imports more than the command line's help should wait for.
    from airscene.training.record import read_metrics

    rows = read_metrics(run_folder(preset, runs) / "metrics.jsonl")
    keys = {"steps": "step", "seconds": "seconds", "count_accuracy": "count_accuracy"}
    return {**row, "curve": {key: [r[name] for r in rows] for key, name in keys.items()}}


def _relative(row: Row, group: str) -> dict[str, tuple[float, float]]:
    """Variance of each estimator in a group of weights, relative to that of the exact expectation.

    With its standard error. Those whose own error exceeds half of it are left out: a few rare
    samples decide them, and they could as well be a hundredth of what they are, or far more.
    """
    separated = {
        name: (each[group], each[f"{group}_error"])
        for name, each in row["estimators"].items()
        if 2.0 * each[f"{group}_error"] <= each[group]
    }
    if "enumerated" not in separated:
        return {}
    exact, exact_error = separated["enumerated"]
    return {
        name: (value / exact, value / exact * hypot(error / value, exact_error / exact))
        if name != "enumerated"
        else (1.0, 0.0)
        for name, (value, error) in separated.items()
    }


def _gradient_seconds(rows: Sequence[Row]) -> dict[str, float]:
    """Processor seconds of a gradient of each estimator, as one process measured them all."""
    for row in of_run(rows, "variance-early"):
        if row["finished"]:
            return {name: each["seconds"] for name, each in row["estimators"].items()}
    return {}


def _lines(rows: Sequence[Row]) -> str:
    lines, missed = [], []
    for row in rows:
        if row["finished"] and "estimators" in row:
            lines.append(_variance_line(row))
            relative = _relative(row, "presence")
            least = min(relative, key=lambda name: relative[name], default="enumerated")
            if least != "enumerated":
                missed.append(f"{least} has less variance ({row['run']})")
    seconds, steps = _gradient_seconds(rows), {}
    for name, preset in PRESETS.items():
        if ours := of_run(rows, preset.name):
            counts = spread(ours, "count_accuracy", "{:.2%}")
            reached = [_steps_to_98(row) for row in ours if row["finished"]]
            each = seconds.get(preset.training.estimator)
            said = ", ".join(
                "never"
                if at is None
                else f"{at:,} steps" + (f" ({at * each:.1f} s)" if each else "")
                for at in reached
            )
            lines.append(f"{name}: counts {counts}, 98% after {said or 'none finished'}")
            steps[name] = median(inf if at is None else at for at in reached) if reached else inf
    exact = steps.pop("enumerated", inf)
    missed += [
        f"{name} is at 98% in no more steps" for name, at in steps.items() if at <= exact < inf
    ]
    if missed:
        lines.append(f"target missed: {', '.join(missed)}")
    return "; ".join(lines)


def _variance_line(row: Row) -> str:
    """The variance of presence at one model, relative, and that of the baseline's training."""
    relative, measured = _relative(row, "presence"), row["estimators"]
    if not relative:
        return f"{row['run']}: not separated from 0"
    said = []
    for name, each in measured.items():
        if name not in relative:
            said.append(f"{name} not separated from 0")
        elif name != "enumerated":
            ratio, error = relative[name]
            cost = each["seconds"] / measured["enumerated"]["seconds"]
            said.append(f"{name} {_number(ratio, error)} ({_number(cost * ratio, cost * error)})")
    line = (
        f"{row['run']}, variance of presence in that of the exact expectation, ± standard error "
        f"(times seconds of the processor): {', '.join(said)}"
    )
    pair = [relative.get(name) for name in ("score-baseline, untrained", "score-baseline")]
    if all(pair):
        (untrained, before), (trained, after) = pair
        lower = untrained - trained > 2.0 * hypot(before, after)
        line += f"; training the network {'lowered' if lower else 'did not lower'} it further"
    return line


def _number(value: float, error: float) -> str:
    """A value and its standard error, to the digits that mean something."""
    digits = max(0, 1 - floor(log10(error)))
    return f"{value:,.{digits}f} ± {error:,.{digits}f}"


def _steps_to_98(row: Row) -> int | None:
    """Steps after which a run first counts 98% right; None if it never does."""
    curve = row["curve"]
    pairs = zip(curve["steps"], curve["count_accuracy"], strict=True)
    return next((at for at, accuracy in pairs if accuracy >= REACHED), None)


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports more than the command line's help should wait for.
    from airscene.evaluation import accuracy_curves, bars, side_by_side

    relative = {
        f"{row['run'].removeprefix('variance-')}, {group}": _relative(row, group)
        for row in rows
        if "estimators" in row
        for group in ("presence", "posterior")
    }
    panels = []
    if any(relative.values()):
        variances, errors = (
            {
                group: {name: pair[i] for name, pair in each.items()}
                for group, each in relative.items()
            }
            for i in (0, 1)
        )
        medians = {g: {name: [v] for name, v in each.items()} for g, each in variances.items()}
        label = "variance of the gradient, relative"
        panels.append(bars(medians, label, errors=errors, log=True))
    curves = {
        name: [row["curve"] for row in of_run(rows, preset.name)]
        for name, preset in PRESETS.items()
    }
    seconds = _gradient_seconds(rows)
    for label, unit in (
        ("training step", None),
        ("processor seconds of the gradients", seconds),
    ):
        lines = {}
        for name, each in curves.items():
            scale = 1.0 if unit is None else unit.get(PRESETS[name].training.estimator)
            if each and scale:
                lines[name] = [([scale * s for s in c["steps"]], c["count_accuracy"]) for c in each]
        if lines:
            panels.append(accuracy_curves(lines, label))
    side_by_side(panels).save(figures / "estimators.png")
