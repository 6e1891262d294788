"""How near inferred scenes are to the truth."""

import math

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from airscene.graphics import SceneBatch, World


def match(
    truth: SceneBatch, inferred: SceneBatch, world: World
) -> tuple[Int[np.ndarray, "pairs"], Int[np.ndarray, "pairs"], Int[np.ndarray, "pairs"]]:
    """Pair the objects of each scene with the inferred ones so that distances have the least sum.

    Args:
        truth: True scenes.
        inferred: What was inferred of them.
        world: The region, whose sides may differ.

    Returns:
        The scene, the true slot and the inferred slot of each pair: as many pairs a scene as the
        lesser of the two counts.
    """
    pairs = []
    for scene in range(len(truth)):
        true, found = (np.flatnonzero(some.present[scene]) for some in (truth, inferred))
        a = truth.poses[scene, true, :2] * world.half_size
        b = inferred.poses[scene, found, :2] * world.half_size
        gaps = np.linalg.norm(a[:, None] - b[None, :], axis=2)
        rows, columns = linear_sum_assignment(gaps)
        pairs += [(scene, *pair) for pair in zip(true[rows], found[columns], strict=True)]
    scenes, true, found = np.array(pairs, int).reshape(-1, 3).T
    return scenes, true, found


def rotation_errors(
    a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"], symmetry: int
) -> Float[np.ndarray, "n"]:
    """Angles between rotations, in degrees, modulo a symmetry of so many equal turns."""
    turn = 2.0 * math.pi / symmetry
    return np.degrees(np.abs((a - b + turn / 2.0) % turn - turn / 2.0))


def scene_metrics(truth: SceneBatch, inferred: SceneBatch, world: World) -> dict[str, float]:
    """Compare scenes with the truth.

    Args:
        truth: True scenes.
        inferred: What was inferred of them.
        world: Its types and their symmetries; without symmetries an object looks like itself only.

    Returns:
        `count_accuracy`, share of scenes with the right count; `types_accuracy`, with the right
        set of types. Of matched objects, where there are any: `identity_accuracy`;
        `position_error`, the median distance as a fraction of the width of the region where
        objects may be, and its mean and 95th percentile, `position_error_mean` and
        `position_error_95`; `rotation_error_TYPE`, the median in degrees modulo the type's
        symmetry, over objects whose type was found, unless it looks the same from all sides. With a
        camera: `camera_error`, the median in degrees.
    """
    scenes, true, found = match(truth, inferred, world)
    kinds, guesses = truth.types[scenes, true], inferred.types[scenes, found]
    poses, guessed = truth.poses[scenes, true], inferred.poses[scenes, found]
    same_count = truth.present.sum(axis=1) == inferred.present.sum(axis=1)
    same_types = (np.sort(truth.types, axis=1) == np.sort(inferred.types, axis=1)).all(axis=1)
    measured = {"count_accuracy": same_count.mean(), "types_accuracy": same_types.mean()}
    if len(scenes):
        measured["identity_accuracy"] = (kinds == guesses).mean()
        gaps = np.linalg.norm((poses - guessed)[:, :2] * world.half_size, axis=1)
        gaps /= 2.0 * world.half_size[0]
        measured["position_error"] = np.median(gaps)
        measured["position_error_mean"] = gaps.mean()
        measured["position_error_95"] = np.percentile(gaps, 95)
    for kind, name in enumerate(world.types):
        symmetry = world.symmetry[kind] if world.symmetry else 1
        rows = (kinds == kind) & (guesses == kind)
        if symmetry and rows.any():
            errors = rotation_errors(poses[rows, 2], guessed[rows, 2], symmetry)
            measured[f"rotation_error_{name}"] = np.median(errors)
    if truth.camera.shape[1]:
        errors = np.abs(truth.camera - inferred.camera).ravel()
        measured["camera_error"] = np.degrees(np.median(errors))
    return {name: float(value) for name, value in measured.items()}
