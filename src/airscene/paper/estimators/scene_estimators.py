"""The paper's estimator beside enumeration, through a renderer: variance for as many renders.

Section 3.2 and appendix I: the score function for presence and type, with neural baselines and
without, against the alternatives of each step, drawn and weighed. A sample of an image costs the
enumerated estimator more renders: N (1 + K) for the tables of N slots and K types and 3 N for the
forward differences of the poses, where the score function has 1 and 3 for each present object. (Of
the tables, N - 1 are in two of them and drawn once, which is not counted in favour of it.) As many
renders buy as many times more samples of the cheaper, whose mean has as many times less
variance: estimators are compared in their variance times their renders.
"""

from collections.abc import Sequence
from functools import partial
from math import floor, hypot, log10
from pathlib import Path
from typing import Any

from airscene.paper.quick import quick_scenes
from airscene.paper.result import Result, Row, Unit, failures
from airscene.paper.trained_scenes import trained_scenes
from airscene.runs.presets.rendered import REPEATS, SINGLE
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import draw_scenes, make_pool
from airscene.schema import Together

# Updates after which the early model is looked at, out of the thousands of its run.
EARLY = 200

# Images, pairs of gradients of each, and updates of the baselines before they are looked at.
MEASURED = {"images": 32, "pairs": 30, "fit": 200}

# What the renders of a sample are: of everything, or without the poses' differences.
RENDERS = ("renders", "discrete_renders")


def scene_estimators(quickly: bool = False) -> Result:
    """Estimators of inverse graphics at fixed models, for as many renders."""
    presets, early, measured = (SINGLE, REPEATS), EARLY, MEASURED
    if quickly:
        presets = tuple(quick_scenes(preset) for preset in presets)
        early, measured = 10, {"images": 4, "pairs": 6, "fit": 5}
    single, tabletop = (preset.override(seed=1) for preset in presets)
    models = [(single, early), (single, None), (tabletop, early), (tabletop, None)]
    return Result(
        name="scene-estimators",
        about=(
            "Estimators of the gradient in the discrete latents of inverse graphics (section 3.2): "
            "the score function with neural baselines and without, beside the enumeration of each "
            "step's alternatives, also with a baseline where there are several steps. Total "
            "variance of one sample of an image, in the weights of the tower for presence and "
            "type, which nothing else reaches, relative to that of the enumerated estimator, with "
            f"standard errors; after {early} steps of training, under the likelihood of the time, "
            "and when trained; nothing else is annealed. Left: for as many renders, that is the "
            "variance times the renders of a sample, the poses' forward differences among them. "
            "Right: the same without those differences, which is the hardest on enumeration: one "
            "render beside N (1 + K). A variance whose standard error exceeds half of it is not "
            "separated from 0 and has no bar."
        ),
        paper="Score function with neural baselines; no comparison (sections 2.2 and 3.2)",
        targets="enumeration has less variance than the score function for as many renders",
        units=tuple(_unit(*model, measured) for model in models),
        ours=_lines,
        draw=_draw,
    )


def _unit(preset: ScenePreset, early: int | None, measured: dict[str, int]) -> Unit:
    since = {} if early is None else {"early": early}
    configuration = Together(preset, {**measured, **since})
    name = f"{preset.name}-{'trained' if early is None else 'early'}"
    make = partial(variance_row, preset, early, measured)
    return Unit(name, preset.training.seed, configuration, make)


def variance_row(
    preset: ScenePreset, early: int | None, measured: dict[str, int], runs: Path
) -> dict[str, Any]:
    """Return the variance of the gradient of every estimator, at one model.

    Args:
        preset: The preset, with its seed.
        early: Updates of its run after which it is looked at; None for the trained model.
        measured: What `scene_gradient_variances` takes to measure.
        runs: Folder of all runs.

    Returns:
        What `scene_gradient_variances` does, as `estimators`.
    """
    # Here, as JAX takes a second to import.
    import equinox as eqx
    import jax

    from airscene.inverse.model import InverseAIR
    from airscene.paper.estimators.scene_gradient_variance import (
        scene_gradient_variances,
        train_for,
    )

    config, scenes = preset.training, partial(draw_scenes, preset)
    model = None if early else trained_scenes(preset, runs)
    with make_pool(preset) as pool:
        if early:
            start = eqx.filter_jit(InverseAIR)(preset.model, key=jax.random.key(config.seed))
            model = train_for(start, scenes, pool, config, early)
        step = early or config.steps
        found = scene_gradient_variances(model, scenes, pool, config, step, **measured)
    return {"estimators": found}


def _relative(row: Row, renders: str) -> dict[str, tuple[float, float]]:
    """Variance times renders of each estimator, in that of the enumerated one, with its error.

    Those whose own error exceeds half of it are left out: a few rare samples decide them.
    """
    separated = {
        name: each
        for name, each in row["estimators"].items()
        if 2.0 * each["variance_error"] <= each["variance"]
    }
    if "enumerated" not in separated:
        return {}
    base = separated["enumerated"]
    share = base["variance_error"] / base["variance"]
    found = {}
    for name, each in separated.items():
        ratio = each["variance"] * each[renders] / (base["variance"] * base[renders])
        error = ratio * hypot(each["variance_error"] / each["variance"], share)
        found[name] = (ratio, error if each is not base else 0.0)
    return found


def _lines(rows: Sequence[Row]) -> str:
    lines, missed = [], []
    for row in rows:
        if not row["finished"]:
            continue
        whole, discrete = (_relative(row, renders) for renders in RENDERS)
        said = []
        for name in row["estimators"]:
            if name == "enumerated":
                continue
            if name not in whole:
                said.append(f"{name} not separated from 0")
                continue
            said.append(f"{name} {_number(*whole[name])} ({_number(*discrete[name])})")
            if whole[name][0] < 1.0 and name.startswith("score"):
                missed.append(f"{name} has less ({row['run']})")
        apart = [name for name, each in row["estimators"].items() if not _one_mean(each)]
        means = f"the means of {', '.join(apart)} differ" if apart else "one mean"
        lines.append(f"{row['run']}: {', '.join(said)}; {means}")
    head = (
        "variance for as many renders in that of enumeration, ± standard error (without the "
        "renders of the poses)"
    )
    if missed:
        lines.append(f"target missed: {', '.join(missed)}")
    return f"{head}: " + "; ".join([*lines, *failures(rows)])


def _one_mean(each: dict[str, float]) -> bool:
    """Whether the mean of an estimator is that of the enumerated one, as far as can be told."""
    return abs(each["difference"]) <= 3.0 * each["difference_error"]


def _number(value: float, error: float) -> str:
    """A value and its standard error, to the digits that mean something."""
    if value >= 1e6:
        power = floor(log10(value))
        value, error = value / 10**power, error / 10**power
        return f"({value:.2g} ± {error:.1g}) x 10^{power}"
    digits = max(0, 1 - floor(log10(error))) if error else 1
    return f"{value:,.{digits}f} ± {error:,.{digits}f}"


def _in_lines(run: str) -> str:
    """A row's name in two lines, the preset's and when."""
    return "\n".join(run.rsplit("-", 1))


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports more than the command line's help should wait for.
    from airscene.evaluation import bars, side_by_side

    panels = []
    for renders in RENDERS:
        relative = {_in_lines(row["run"]): _relative(row, renders) for row in rows}
        relative = {run: each for run, each in relative.items() if each}
        if relative:
            values = {r: {n: [v] for n, (v, _) in e.items()} for r, e in relative.items()}
            errors = {r: {n: error for n, (_, error) in e.items()} for r, e in relative.items()}
            label = f"variance x {renders.replace('_', ' ')}, relative"
            panels.append(bars(values, label, errors=errors, log=True))
    side_by_side(panels).save(figures / "scene-estimators.png")
