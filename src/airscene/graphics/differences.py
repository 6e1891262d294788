"""Gradients and tables through a renderer: which scenes to draw, and what their scores say.

Pure functions: they plan scenes and combine numbers, and do not draw.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from airscene.errors import InputError
from airscene.graphics.scenes import ABSENT, SceneBatch, concatenate


class Steps(NamedTuple):
    """How far each coordinate is moved.

    The paper's 1e-4 is lost in 8-bit images: for positions and the camera, the defaults are where
    the curve of the gradient's cosine against the step is highest or nearly so
    (`airscene.graphics.step_curve`). That of rotations is low, and still rises at three
    times the default, which was not tried in training.

    Args:
        position: for x and y, in half-widths of the table.
        rotation: in radians.
        camera: for each of the camera's numbers, in radians.
    """

    position: float = 0.03
    rotation: float = 0.1
    camera: float = 0.01


class Differences(NamedTuple):
    """A plan: scenes whose scores give those of `n` scenes and their gradients.

    Args:
        scenes: what to draw, in one call: the n scenes themselves, then each of them with one
            coordinate moved up; then, for central differences, down.
        source: which of the n scenes each is, or was moved from: the same as its target.
        coordinate: the coordinate that each moved-up scene has moved, an index of all 3 of each
            slot and then the camera's.
        step: how far each was moved, up and down together; exact, after rounding.
        central: whether there are scenes moved down.
    """

    scenes: SceneBatch
    source: Int[np.ndarray, "drawn"]
    coordinate: Int[np.ndarray, "moved"]
    step: Float[np.ndarray, "moved"]
    central: bool


class Gradients(NamedTuple):
    """Scores and their derivatives; 0 for what is absent.

    Args:
        values: the score of each scene.
        poses: by x, y (half-widths) and rotation (radians) of each slot.
        camera: by the camera's numbers.
    """

    values: Float[np.ndarray, "n"]
    poses: Float[np.ndarray, "n slots 3"]
    camera: Float[np.ndarray, "n cameras"]


def plan_differences(
    scenes: SceneBatch,
    steps: Steps,
    *,
    central: bool = False,
    where: Bool[np.ndarray, "n coordinates"] | None = None,
) -> Differences:
    """Plan the gradient of a score of scenes by the poses of present objects and the camera.

    Forward differences (the paper's) draw one scene more for each coordinate, central ones two:
    their error falls with the square of the step.

    Args:
        scenes: where the gradients are wanted, n of them.
        steps: how far to move each coordinate.
        central: move down as well as up.
        where: which coordinates to move, all 3 of each slot and then the camera's; None for all.
            Those of absent objects are not moved.

    Raises:
        InputError: if a step is not a finite number above 0.

    Source: Eslami et al. 2016, appendix I.1.
    """
    if not all(0.0 < step < math.inf for step in steps):
        raise InputError(f"{steps}: each step should be a number above 0")
    n, slots = scenes.types.shape
    cameras = scenes.camera.shape[1]
    there = np.concatenate([np.repeat(scenes.present, 3, axis=1), np.ones((n, cameras), bool)], 1)
    there = there if where is None else there & where
    source, coordinate = np.nonzero(there)
    sizes = (*(steps.position, steps.position, steps.rotation) * slots, *(steps.camera,) * cameras)
    size = np.array(sizes)[coordinate]
    up = _moved(scenes, source, coordinate, size)
    drawn, sources, low = [scenes, up], [np.arange(n), source], scenes[source]
    if central:
        low = _moved(scenes, source, coordinate, -size)
        drawn.append(low)
        sources.append(source)
    rows = np.arange(len(source))
    step = (_flat(up) - _flat(low))[rows, coordinate]
    return Differences(concatenate(drawn), np.concatenate(sources), coordinate, step, central)


def combine_differences(plan: Differences, values: Float[np.ndarray, "drawn"]) -> Gradients:
    """The gradients, from the scores of all scenes of a plan.

    Args:
        plan: from `plan_differences`.
        values: the score of each of `plan.scenes`.
    """
    moved = len(plan.coordinate)
    n = len(plan.scenes) - moved * (1 + plan.central)
    source = plan.source[n : n + moved]
    values = np.asarray(values, np.float64)
    up = values[n : n + moved]
    low = values[n + moved :] if plan.central else values[source]
    slots, cameras = plan.scenes.types.shape[1], plan.scenes.camera.shape[1]
    flat = np.zeros((n, 3 * slots + cameras))
    flat[source, plan.coordinate] = (up - low) / plan.step
    poses, camera = flat[:, : 3 * slots].reshape(n, slots, 3), flat[:, 3 * slots :]
    return Gradients(values[:n], poses, camera)


def _flat(scenes: SceneBatch) -> Float[np.ndarray, "n coordinates"]:
    slots = scenes.types.shape[1]
    return np.concatenate([scenes.poses.reshape(len(scenes), 3 * slots), scenes.camera], axis=1)


def _moved(
    scenes: SceneBatch, source: np.ndarray, coordinate: np.ndarray, size: np.ndarray
) -> SceneBatch:
    some = scenes[source]
    flat = _flat(some).astype(np.float64)
    flat[np.arange(len(source)), coordinate] += size
    cut = 3 * some.types.shape[1]
    poses, camera = flat[:, :cut].reshape(some.poses.shape), flat[:, cut:]
    return replace(some, poses=poses, camera=camera)


class Alternatives(NamedTuple):
    """A plan: scenes whose scores are the table of a slot's alternatives.

    Args:
        scenes: what to draw, in one call: each scene with the slot absent, then with each type.
        source: which scene each was made from: the same as its target.
        n_types: the number of types.
    """

    scenes: SceneBatch
    source: Int[np.ndarray, "drawn"]
    n_types: int

    def table(self, values: Float[np.ndarray, "drawn"]) -> Float[np.ndarray, "n alternatives"]:
        """The scores of the scenes as a table: absent first, then each type."""
        return np.reshape(values, (-1, 1 + self.n_types))


def plan_alternatives(scenes: SceneBatch, slot: int, n_types: int) -> Alternatives:
    """Plan the scores of a slot's alternatives: absent, and each type in the pose that it has.

    Args:
        scenes: n scenes; the slot's pose must mean something also where it is absent.
        slot: the slot whose type is replaced; the others are held.
        n_types: the number of types.
    """
    kinds = np.arange(ABSENT, n_types)
    source = np.repeat(np.arange(len(scenes)), len(kinds))
    some = scenes[source]
    types = some.types.copy()
    types[:, slot] = np.tile(kinds, len(scenes))
    return Alternatives(replace(some, types=types), source, n_types)
