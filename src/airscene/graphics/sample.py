"""Scenes of a world with their truth, for training and for tests."""

import numpy as np
from jaxtyping import Bool, Float, Int

from airscene.errors import InputError
from airscene.graphics.look import Look, LookSpread, draw_looks
from airscene.graphics.scenes import ABSENT, SceneBatch
from airscene.graphics.world import World

_TRIES = 1000


def sample_scenes(
    world: World,
    n: int,
    *,
    seed: int | tuple[int, ...],
    repeats: bool = True,
    presence: float = 0.5,
    look: LookSpread | None = None,
) -> SceneBatch:
    """Scenes whose objects do not run into each other.

    Each slot has an object with probability `presence`, so the count is binomial; the present
    come first, in random order. The type is uniform, the rotation too, and so is the joint
    position of a scene's objects among those in which no circle of one's footprint meets a circle
    of another's (all positions are drawn again until that holds). The camera is uniform on its
    orbit.

    Args:
        world: what scenes may hold.
        n: the number of scenes.
        seed: the same seed gives the same scenes; a tuple such as (seed, step) is a seed as well.
        repeats: whether a scene may have two objects of one type.
        presence: the probability of an object in each slot.
        look: how far colours, sizes, light and table are perturbed; None for nominal looks.

    Raises:
        InputError: if an option is out of range or the objects do not fit on the table.

    Source: Eslami et al. 2016, appendix I.2, which does not say whether objects were kept apart.
    """
    kinds, slots = len(world.types), world.n_slots
    if n < 0 or not 0.0 <= presence <= 1.0:
        raise InputError(f"{n} scenes with presence {presence}; give at least 0, and 0 to 1")
    if not repeats and kinds < slots:
        raise InputError(f"{slots} slots without repeats need as many types; there are {kinds}")
    rng = np.random.default_rng(seed)
    counts = rng.binomial(slots, presence, n)
    if repeats:
        types = rng.integers(kinds, size=(n, slots))
    else:
        types = rng.permuted(np.tile(np.arange(kinds), (n, 1)), axis=1)[:, :slots]
    types = np.where(np.arange(slots) < counts[:, None], types, ABSENT)
    looks = None if look is None else draw_looks(n, slots, look, rng)
    poses = _place(world, types, looks, rng)
    cameras = int(world.orbit > 0)
    camera = rng.uniform(-world.orbit, world.orbit, (n, cameras))
    return SceneBatch.of(types, poses, camera, None if looks is None else looks.pack())


def _place(
    world: World, types: Int[np.ndarray, "n slots"], looks: Look | None, rng: np.random.Generator
) -> Float[np.ndarray, "n slots 3"]:
    poses = np.zeros((*types.shape, 3))
    sizes = np.ones(types.shape) if looks is None else np.exp(looks.size)
    left = np.arange(len(types))
    for _ in range(_TRIES):
        poses[left, :, :2] = rng.uniform(-1.0, 1.0, (len(left), types.shape[1], 2))
        poses[left, :, 2] = rng.uniform(-np.pi, np.pi, (len(left), types.shape[1]))
        left = left[~apart(world, types[left], poses[left], sizes[left])]
        if not len(left):
            return poses
    raise InputError(
        f"{world.mjcf}: {len(left)} scenes do not fit in the region {world.half_size} without "
        "objects running into each other; give a larger one, or fewer slots"
    )


def apart(
    world: World,
    types: Int[np.ndarray, "n slots"],
    poses: Float[np.ndarray, "n slots 3"],
    sizes: Float[np.ndarray, "n slots"] | None = None,
) -> Bool[np.ndarray, "n"]:
    """Whether no object's footprint meets another's; `sizes` are factors of them, None for 1."""
    clear = np.ones(len(types), bool)
    if not world.footprints:
        return clear
    most = max(1, *map(len, world.footprints))
    # A circle of radius -inf meets nothing.
    circles = np.array([[*f, *[(0.0, 0.0, -np.inf)] * (most - len(f))] for f in world.footprints])
    mine = np.where((types >= 0)[..., None, None], circles[types], (0.0, 0.0, -np.inf))
    if sizes is not None:
        mine = mine * sizes[..., None, None]
    cos, sin = np.cos(poses[..., 2, None]), np.sin(poses[..., 2, None])
    half_x, half_y = world.half_size
    x = poses[..., 0, None] * half_x + cos * mine[..., 0] - sin * mine[..., 1]
    y = poses[..., 1, None] * half_y + sin * mine[..., 0] + cos * mine[..., 1]
    for a in range(types.shape[1]):
        for b in range(a):
            gap = np.hypot(x[:, a, :, None] - x[:, b, None], y[:, a, :, None] - y[:, b, None])
            meet = gap < mine[:, a, :, None, 2] + mine[:, b, None, :, 2]
            clear &= ~meet.any(axis=(1, 2))
    return clear
