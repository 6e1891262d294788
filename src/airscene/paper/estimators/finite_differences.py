"""Finite differences through the renderer: which step is the right one for 8-bit images."""

from dataclasses import replace
from functools import partial
from math import log10
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import named_curves, side_by_side
from airscene.graphics import TABLETOP_CAMERA, MujocoRenderer, SceneBatch, Steps, sample_scenes
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.step_curve import (
    fine_images,
    fine_score,
    gradients,
    step_curve,
)
from airscene.paper.result import Result, Row, Rows, Unit, described

# The paper's step first.
STEPS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)

# Scenes of three objects, how far off they are, and the likelihood.
MEASURED = {"scenes": 20, "off": [0.15, 0.15, 0.3, 0.05], "blur": 4.0, "sigma": 0.1, "finer": 3}

COORDINATES = ("position", "rotation", "camera")


def finite_differences(quickly: bool = False) -> Result:
    """The gradient by finite differences against their step (appendix I.1)."""
    measured = {**MEASURED, "scenes": 3} if quickly else MEASURED
    return described(
        "finite-differences",
        tuple(
            Unit(run, 0, {**measured, "steps": list(STEPS)}, partial(curve_row, central, measured))
            for run, central in (("forward", False), ("central", True))
        ),
        _draw,
        **Steps()._asdict(),
    )


def curve_row(central: bool, measured: dict[str, Any], runs: Path) -> Row:
    """Return the cosine at each step, and at the steps that training uses.

    Args:
        central: Central differences, or forward ones.
        measured: Values as in `MEASURED`.
        runs: Not used: nothing is trained.
    """
    n, likelihood = measured["scenes"], {key: measured[key] for key in ("blur", "sigma")}
    world, finer = TABLETOP_CAMERA, measured["finer"]
    truth = sample_scenes(world, n, seed=0, presence=1.0)
    rng, (*off, turned) = np.random.default_rng(0), measured["off"]
    poses = truth.poses + rng.normal(size=truth.poses.shape) * off
    camera = truth.camera + turned * rng.choice([-1.0, 1.0], truth.camera.shape)
    near = SceneBatch.of(truth.types, poses, camera)
    large = tuple(finer * side for side in world.image_size)
    fine, renderer = MujocoRenderer(replace(world, image_size=large)), MujocoRenderer(world)
    score = fine_score(fine, fine_images(fine, truth, finer), finer, **likelihood)
    reference = gradients(score, near, Steps(0.01, 0.02, 0.01), central=True)
    bases = [blur_basis(side, measured["blur"]) for side in world.image_size]
    observed = blurred(renderer.render(truth), *bases)

    def coarse(scenes: SceneBatch, which: np.ndarray) -> np.ndarray:
        drawn = blurred(renderer.render(scenes), *bases)
        return log_likelihoods(drawn, observed, which, measured["sigma"], 1)

    steps = [*STEPS, *Steps()]
    curve = step_curve(coarse, reference, near, steps, central=central)
    fine.close()
    renderer.close()
    found = {name: getattr(curve, name).tolist() for name in COORDINATES}
    cosines = {name: values[: len(STEPS)] for name, values in found.items()}
    used = {f"{name}_used": found[name][len(STEPS) + i] for i, name in enumerate(COORDINATES)}
    return {"cosines": cosines, **used}


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    across = [log10(step) for step in STEPS]
    panels = [
        named_curves(
            {name: list(zip(across, row["cosines"][name], strict=True)) for name in COORDINATES},
            "log10 of the step",
            f"cosine, {row['run']} differences",
        )
        for row in rows
    ]
    side_by_side(panels).save(figures / "finite-differences.png")
