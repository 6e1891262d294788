"""Refinement: what networks inferred, moved to where the renderer explains the image better."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from airscene.graphics import Likelihood, RenderPool, SceneBatch, World
from airscene.inverse.objective.scores import log_likelihoods

# Rotations that are tried of each object, evenly around.
TURNS = 16

# The first steps by which coordinates are tried to both sides: of a position, in half-widths of the
# region, and of a rotation, in radians. They are halved each round. Positions have some rounds
# before the rotations are tried, as the right one looks wrong in the wrong place.
SHIFT, TURN = 0.03, math.pi / TURNS
BEFORE, ROUNDS = 2, 4

# log p(x | z) up to a constant, in nats: of scenes, and the image that each is to explain.
Score = Callable[[SceneBatch, Int[np.ndarray, "n"]], Float[np.ndarray, "n"]]


def score_by(
    pool: RenderPool, targets: UInt8[np.ndarray, "targets height width 3"], likelihood: Likelihood
) -> Score:
    """The score that a pool gives for these images."""
    return lambda scenes, which: log_likelihoods(pool, scenes, targets, which, likelihood)


def refine(scenes: SceneBatch, score: Score, world: World) -> SceneBatch:
    """Search for poses around those that were inferred, by rendering.

    One object after the other, with the rest of the scene held: a pattern search (Hooke and Jeeves
    1961) over x and y, the best of `TURNS` rotations, then a pattern search over all three.
    Presence, types and the camera are kept. It is local but for the rotations: what is in the wrong
    place by more than a few steps stays there.

    Not in the paper, which optimises either by a network or from scratch: a network finds at once
    what a search sticks at, and the search is exact where a network is not. Of the table-top's
    rotations that is needed, as the networks do not learn them.

    Args:
        scenes: What was inferred of each image.
        score: Has scenes drawn and compares them with the images.
        world: Says which types look the same from all sides: those are not turned.

    Returns:
        The scenes, none with a lower score than before. For each object they took
        4 `BEFORE` + `TURNS` - 1 + 6 `ROUNDS` renders, or 4 (`BEFORE` + `ROUNDS`) of an object that
        is not turned, and one more for each scene.

    Raises:
        RendererError: If the renderer fails.
    """
    poses, best = scenes.poses.copy(), score(scenes, np.arange(len(scenes)))

    def attempt(rows: np.ndarray, slot: int, moves: np.ndarray) -> None:
        """Take the best of some moves of the objects in a slot, where one is better than none."""
        source = np.tile(rows, len(moves))
        some = replace(scenes[source], poses=poses[source])
        some.poses[:, slot] += np.repeat(moves, len(rows), axis=0)
        values = score(some, source).reshape(len(moves), len(rows))
        top = values.argmax(axis=0)
        better = values.max(axis=0) > best[rows]
        rows, top = rows[better], top[better]
        best[rows] = values[:, better].max(axis=0)
        poses[rows, slot] += moves[top]

    turned = np.array([turn != 0 for turn in world.symmetry or (1,) * len(world.types)])
    objects = [np.flatnonzero(there) for there in scenes.present.T]
    turns = [rows[turned[scenes.types[rows, slot]]] for slot, rows in enumerate(objects)]
    by_coordinate = (objects, objects, turns)

    def search(coordinates: Sequence[int], rounds: int) -> None:
        """Move coordinates to both sides, by steps that are halved."""
        for halved in range(rounds):
            steps = np.diag([SHIFT, SHIFT, TURN]) / 2.0**halved
            for slot in range(len(objects)):
                for coordinate in coordinates:
                    moves = np.stack([steps[coordinate], -steps[coordinate]])
                    attempt(by_coordinate[coordinate][slot], slot, moves)

    around = np.arange(1, TURNS) * (2.0 * math.pi / TURNS)
    search((0, 1), BEFORE)
    for slot, rows in enumerate(turns):
        attempt(rows, slot, around[:, None] * [0.0, 0.0, 1.0])
    search((0, 1, 2), ROUNDS)
    poses[..., 2] = (poses[..., 2] + math.pi) % (2.0 * math.pi) - math.pi
    return replace(scenes, poses=poses)
