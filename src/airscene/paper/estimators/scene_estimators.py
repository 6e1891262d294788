"""The paper's estimator beside enumeration, through a renderer: variance for as many renders.

Section 3.2 and appendix I: the score function for presence and type, with neural baselines and
without, against the alternatives of each step, drawn and weighed. A sample of an image costs the
enumerated estimator more renders: N (1 + K) for the tables of N slots and K types and 3 N for the
forward differences of the poses, where the score function has 1 and 3 for each present object. (Of
the tables, N - 1 are in two of them and drawn once, which is not counted in favour of it.) As many
renders buy as many times more samples of the cheaper, whose mean has as many times less
variance: estimators are compared in their variance times their renders.
"""

from functools import partial
from pathlib import Path

import equinox as eqx
import jax

from airscene.evaluation import side_by_side
from airscene.inverse.model import InverseAIR
from airscene.paper.estimators.relative import relative, relative_of, variance_bars
from airscene.paper.estimators.scene_gradient_variance import scene_gradient_variances, train_for
from airscene.paper.result import Result, Row, Rows, Unit, described
from airscene.paper.trained import scaled, trained
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import REPEATS, SINGLE
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
    presets, _ = scaled(quickly, (1,), SINGLE, REPEATS)
    early, measured = (10, {"images": 4, "pairs": 6, "fit": 5}) if quickly else (EARLY, MEASURED)
    units = [
        _unit(preset.override(seed=1), since, measured)
        for preset in presets
        for since in (early, None)
    ]
    what = ("score, baseline", "variance", RENDERS[0])
    of = {unit.run: partial(relative_of, unit.run, *what) for unit in units}
    return described("scene-estimators", units, _draw, of, early=early)


def _unit(preset: ScenePreset, early: int | None, measured: dict[str, int]) -> Unit:
    since = {} if early is None else {"early": early}
    configuration = Together(preset, {**measured, **since})
    name = f"{preset.name}-{'trained' if early is None else 'early'}"
    make = partial(variance_row, preset, early, measured)
    return Unit(name, preset.training.seed, configuration, make)


def variance_row(
    preset: ScenePreset, early: int | None, measured: dict[str, int], runs: Path
) -> Row:
    """Return the variance of the gradient of every estimator, at one model.

    Args:
        preset: The preset, with its seed.
        early: Updates of its run after which it is looked at; None for the trained model.
        measured: What `scene_gradient_variances` takes to measure.
        runs: Folder of all runs.
    """
    config, scenes = preset.training, partial(draw_scenes, preset)
    with make_pool(preset) as pool:
        if early:
            start = eqx.filter_jit(InverseAIR)(preset.model, key=jax.random.key(config.seed))
            model = train_for(start, scenes, pool, config, early)
        else:
            model = trained(preset, runs).air
        step = early or config.steps
        found = scene_gradient_variances(model, scenes, pool, config, step, **measured)
    return {"estimators": found}


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    panels = []
    for renders in RENDERS:
        # A row's name in two lines, the preset's and when.
        groups = {
            "\n".join(row["run"].rsplit("-", 1)): relative(row, "variance", renders) for row in rows
        }
        if groups := {run: each for run, each in groups.items() if each}:
            label = f"variance x {renders.replace('_', ' ')}, relative"
            panels.append(variance_bars(groups, label))
    side_by_side(panels).save(figures / "scene-estimators.png")
