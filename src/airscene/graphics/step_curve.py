"""The error of finite differences through a renderer of 8-bit images, against their step."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.differences import (
    Gradients,
    Steps,
    combine_differences,
    plan_differences,
)
from airscene.graphics.renderer import Renderer
from airscene.graphics.scenes import SceneBatch

# Scores of scenes, each against the target of the given index.
Score = Callable[[SceneBatch, np.ndarray], np.ndarray]


class StepCurve(NamedTuple):
    """Cosines between finite differences and a reference gradient, over all scenes at once.

    Args:
        steps: the step sizes: half-widths for x and y, radians for the others.
        position: cosine of the gradient by x and y, at each step.
        rotation: cosine of the gradient by the rotations.
        camera: cosine of the gradient by the camera; NaN if it is fixed.
    """

    steps: Float[np.ndarray, "steps"]
    position: Float[np.ndarray, "steps"]
    rotation: Float[np.ndarray, "steps"]
    camera: Float[np.ndarray, "steps"]


def step_curve(
    score: Score,
    reference: Gradients,
    scenes: SceneBatch,
    steps: Sequence[float],
    *,
    central: bool = False,
) -> StepCurve:
    """Compares finite differences of several steps with a reference.

    Args:
        score: the scores that are differentiated.
        reference: the gradient at the scenes, for instance central differences of a `fine_score`.
        scenes: where.
        steps: step sizes, the same number for all coordinates.
        central: central differences, or forward ones.

    Source: Eslami et al. 2016, appendix I.1, uses forward differences with a step of 1e-4.
    """

    def parts(of: Gradients) -> list[np.ndarray]:
        return [part.ravel() for part in (of.poses[..., :2], of.poses[..., 2], of.camera)]

    rows = []
    for step in steps:
        found = gradients(score, scenes, Steps(step, step, step), central=central)
        rows.append(list(map(_cosine, parts(found), parts(reference))))
    return StepCurve(np.array(steps, float), *np.array(rows).T)


def gradients(
    score: Score, scenes: SceneBatch, steps: Steps, *, central: bool = False
) -> Gradients:
    """Scores of scenes and their gradients, scene i against target i, by finite differences."""
    plan = plan_differences(scenes, steps, central=central)
    return combine_differences(plan, score(plan.scenes, plan.source))


def fine_score(
    renderer: Renderer,
    targets: Float32[np.ndarray, "targets height width 3"],
    factor: int,
    *,
    blur: float,
    sigma: float,
) -> Score:
    """The blurred log-likelihood of much finer images, averaged to the size of the targets.

    Averaging makes edges smooth and the 256 levels many more: what is left is nearly the scene's
    image without pixels and levels, whose differences can be taken with small steps.

    Args:
        renderer: draws images `factor` times the targets' size.
        targets: images of the size in question, 0 to 255, from `fine_images` or rendered.
        factor: fine pixels along a side of a pixel.
        blur: standard deviation of the blur, in pixels of the targets.
        sigma: standard deviation of the noise, in units of white.
    """
    bases = [blur_basis(side, blur) for side in targets.shape[1:3]]
    observed = blurred(targets.astype(np.float32), *bases)

    def score(scenes: SceneBatch, which: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        drawn = blurred(fine_images(renderer, scenes, factor), *bases)
        return log_likelihoods(drawn, observed, which, sigma, targets[0].size)

    return score


def fine_images(
    renderer: Renderer, scenes: SceneBatch, factor: int
) -> Float32[np.ndarray, "n height width 3"]:
    """Images averaged from finer ones, unrounded, 0 to 255."""
    height, width = (side // factor for side in renderer.image_size)
    images = np.empty((len(scenes), height, width, 3), np.float32)
    for i in range(len(scenes)):  # one at a time, as fine images are large
        fine = renderer.render(scenes[i : i + 1])[0]
        blocks = fine.reshape(height, factor, width, factor, 3)
        images[i] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return images


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / size) if size else float("nan")
