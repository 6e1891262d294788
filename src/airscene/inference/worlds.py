"""The names of worlds, and scenes of a world from users' units to the renderer's and back."""

import json
import math
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.graphics import ABSENT, SceneBatch, World
from airscene.graphics.mujoco.bundle import pack, unpack
from airscene.graphics.mujoco.mjcf import digest
from airscene.graphics.world import WORLDS
from airscene.inverse.config import InverseConfig
from airscene.scene import PosedObject, PosedScene, PosedScenes

# What rounding in JSON may add to a camera at the end of its orbit, in radians.
_ROUNDING = 1e-4
# Metres, or radians, that renderers are not asked for.
_FARTHEST = 1e6


def named_world(name: str) -> World:
    """Return a world of the paper, or raise an InputError if there is none of that name."""
    if name not in WORLDS:
        raise InputError(
            f"there is no world {name!r}, only {', '.join(WORLDS)}; of a world of your own, give "
            "the model that was trained on it"
        )
    return WORLDS[name]


def _paper_name(world: World) -> str | None:
    return next((name for name, other in WORLDS.items() if other == world), None)


def world_name(world: World) -> str:
    """Return the name of a world: the paper's, or that of its MJCF file and what is in that."""
    if name := _paper_name(world):
        return name
    name = Path(world.mjcf).stem
    if world.digest:
        return f"{name}-{world.digest[:8]}"
    return f"own-{name}" if name in WORLDS else name


def world_texts(world: World) -> dict[str, str]:
    """Return what weights say of their world: as `world` its name, if it is the paper's.

    Else it is all of it, with the MJCF file and the files that it names as `world_files`, so that
    the weights load on another machine.
    """
    if name := _paper_name(world):
        return {"world": name}
    files = pack(world.mjcf) if world.digest else None
    return {"world": json.dumps(asdict(world))} | ({"world_files": files} if files else {})


def read_world(text: str, files: str | None = None) -> World:
    """Read what `world_texts` wrote.

    Args:
        text: What it is.
        files: Its files, if there are any. They are unpacked where the MJCF file is not in its old
            place, or has changed since.

    Raises:
        InputError: If there is no such world.
    """
    if not text.startswith("{"):
        return named_world(text)
    try:
        values = {name: _tuples(value) for name, value in json.loads(text).items()}
        for name, kind in sorted(get_type_hints(World).items()):
            if name in values and not _is(values[name], kind):
                raise ValueError(f"{name} is {values[name]!r}")
        world = World(**values)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"it does not say what its world is ({error})") from error
    if files is None or (os.path.isfile(world.mjcf) and digest(world.mjcf) == world.digest):
        return world
    return replace(world, mjcf=unpack(files, world.digest))


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is of a field's type: text, a number, or a tuple of those."""
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if isinstance(value, tuple) and kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(value)
        return isinstance(value, tuple) and len(kinds) == len(value) and all(map(_is, value, kinds))
    numbers = (int, float) if kind is float else kind
    return isinstance(value, numbers) and not isinstance(value, bool)


def _tuples(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def check_world(c: InverseConfig, world: World, name: str) -> None:
    """Refuse a world that the networks of a model are not of.

    Raises:
        InputError: If its types, slots, camera or images are others.
    """
    ours = (c.n_types, c.n_slots, c.n_cameras)
    theirs = (len(world.types), world.n_slots, int(world.orbit > 0.0))
    if ours != theirs:
        raise InputError(
            f"{name} is of {ours[0]} types, {ours[1]} slots and {ours[2]} camera numbers; the "
            f"world {world_name(world)!r} has {theirs[0]}, {theirs[1]} and {theirs[2]}"
        )
    sides = zip(world.image_size, c.image_shape[1:], strict=True)
    factors = {divmod(side, small) for side, small in sides}
    if len(factors) > 1 or any(times < 1 or rest for times, rest in factors):
        height, width = c.image_shape[1:]
        raise InputError(
            f"{name} sees images of {height}x{width} pixels; those of the world "
            f"{world_name(world)!r}, of {world.image_size[0]}x{world.image_size[1]}, do not "
            "shrink to that"
        )


def to_objects(
    batch: SceneBatch, presence: Float[np.ndarray, "n slots"], world: World
) -> list[tuple[tuple[PosedObject, ...], tuple[float, ...]]]:
    """Return the objects and the camera of scenes, in the world's coordinates.

        position = centre + half_size (x, y)

    The presence of an object is the probability that it and those before it are there, as in 2-D:
    the product of the presences of its slot and of the slots before it that have an object.

    Args:
        batch: Scenes as the renderer takes them.
        presence: Probability of the object in each slot, given the slots before it.
        world: Their world.

    Returns:
        For each scene its objects, and the camera's angle where it is on an orbit. Beyond the ends
        of the orbit, where the network's Gaussian reaches, it is the end.
    """
    places = np.add(world.centre, np.multiply(world.half_size, batch.poses[..., :2])).tolist()
    turns = (math.pi - np.mod(math.pi - batch.poses[..., 2], 2.0 * math.pi)).tolist()
    cameras = np.clip(batch.camera, -world.orbit, world.orbit).tolist()
    given_before = np.where(batch.types == ABSENT, 1.0, presence)
    there, presence = batch.types.tolist(), np.cumprod(given_before, axis=1).tolist()
    return [
        (
            tuple(
                PosedObject(presence[i][k], world.types[kind], tuple(places[i][k]), turns[i][k])
                for k, kind in enumerate(kinds)
                if kind != ABSENT
            ),
            tuple(cameras[i]),
        )
        for i, kinds in enumerate(there)
    ]


def to_batch(scenes: PosedScenes, world: World) -> SceneBatch:
    """Return scenes as the renderer takes them.

    Args:
        scenes: What was inferred, or made by hand.
        world: The world to draw them in.

    Raises:
        InputError: If they are of another world or size, an object is of a type that the world has
            not, there are more than it has slots, or the camera is missing, superfluous or beyond
            its orbit.
    """
    name = world_name(world)
    if scenes.world != name or scenes.image_size != world.image_size:
        raise InputError(
            f"the scenes are of the world {scenes.world!r} in {_size(scenes.image_size)} pixels; "
            f"what is to draw them draws {name!r} in {_size(world.image_size)}"
        )
    shape = len(scenes), world.n_slots
    types, poses = np.full(shape, ABSENT), np.zeros((*shape, 3))
    camera = np.zeros((len(scenes), int(world.orbit > 0.0)))
    for i, scene in enumerate(scenes):
        try:
            _check(scene, name, world)
            for k, thing in enumerate(scene.objects):
                types[i, k] = world.types.index(thing.type)
                place = np.subtract(thing.position, world.centre) / world.half_size
                poses[i, k] = *place, thing.rotation
            camera[i] = scene.camera
        except InputError as error:
            raise InputError(f"images[{i}], {scene.source}: {error}") from None
    return SceneBatch.of(types, poses, camera)


def _check(scene: PosedScene, name: str, world: World) -> None:
    if len(scene.objects) > world.n_slots:
        raise InputError(
            f"{len(scene.objects)} objects; the world {name!r} has up to {world.n_slots}"
        )
    for k, thing in enumerate(scene.objects):
        if thing.type not in world.types:
            raise InputError(
                f"objects[{k}].type is {thing.type!r}; the world {name!r} has "
                f"{', '.join(world.types)}"
            )
        # NaN is not below either.
        if not (np.abs((*thing.position, thing.rotation)) < _FARTHEST).all():
            raise InputError(
                f"objects[{k}] has a position or rotation that is not finite, or beyond "
                f"{_FARTHEST:,.0f}"
            )
    most = world.orbit + _ROUNDING
    if not world.orbit and scene.camera:
        raise InputError(f"it has a camera; that of the world {name!r} is fixed")
    if world.orbit and not (len(scene.camera) == 1 and abs(scene.camera[0]) <= most):
        given = f"camera is {list(scene.camera)}" if scene.camera else "there is no camera"
        raise InputError(
            f"{given}; it should be one angle from {-world.orbit:.4g} to {world.orbit:.4g} radians"
        )


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
