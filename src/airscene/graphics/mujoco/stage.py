"""The list of geoms that MuJoCo draws, rewritten for each scene without any kinematics."""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.graphics.look import Look
from airscene.graphics.mujoco.mjcf import find
from airscene.graphics.scenes import SceneBatch
from airscene.graphics.world import World

# Each costs a pass over every image.
_LEFT_OUT = ("SHADOW", "REFLECTION", "SKYBOX", "FOG", "HAZE")
# Room for what is drawn beside geoms and sites.
_MORE = 100
# What of a geom does not move.
_FIELDS = (
    "type dataid objtype objid category matid texid texuniform texrepeat texcoord size rgba "
    "emission specular shininess reflectance"
).split()


class Part(NamedTuple):
    """A geom, relative to where the body of its type stands on the table."""

    fields: dict[str, Any]  # what does not move
    position: Float[np.ndarray, "3"]
    rotation: Float[np.ndarray, "3 3"]  # the axes, as columns


class Stage:
    """A world's `mujoco.MjvScene` and what to write in it."""

    def __init__(self, world: World, model: Any):
        mujoco: Any = import_module("mujoco")

        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        drawn = _visible(world, model, data, model.ngeom + model.nsite + _MORE)
        bodies = [find(model, "body", name, world) for name in world.types]
        kinds = [-1] * model.nbody  # the type that each body is part of
        for body in range(1, model.nbody):
            of_parent = kinds[model.body_parentid[body]]
            kinds[body] = bodies.index(body) if body in bodies else of_parent
        self._parts: list[list[Part]] = [[] for _ in world.types]
        background = []
        body_of = {
            mujoco.mjtObj.mjOBJ_GEOM: model.geom_bodyid,
            mujoco.mjtObj.mjOBJ_SITE: model.site_bodyid,
        }
        for geom in drawn.geoms[: drawn.ngeom]:
            bodies_of = body_of.get(geom.objtype)
            kind = -1 if bodies_of is None else kinds[bodies_of[geom.objid]]
            foot = data.xpos[bodies[kind]] * (1, 1, 0) if kind >= 0 else np.zeros(3)
            part = Part(_read(geom), geom.pos - foot, geom.mat.astype(float))
            (self._parts[kind] if kind >= 0 else background).append(part)
        for name, parts in zip(world.types, self._parts, strict=True):
            if not parts:
                raise InputError(f"{world.mjcf}: the body {name!r} has no geom that is visible")
        self._world, self._background = world, background
        most = len(background) + world.n_slots * max(map(len, self._parts))
        self.scene = _visible(world, model, data, max(most, drawn.ngeom))
        self._geoms = self.scene.geoms
        # Looking an attribute up makes an array each time, which takes longer than writing it.
        self._places = [(geom.pos, geom.mat) for geom in self._geoms]
        self._set_background()
        lights = self.scene.lights[: self.scene.nlight]
        head = [light for light in lights if light.headlight]
        self._lamps = [light for light in lights if not light.headlight]
        self._diffuse = [lamp.diffuse.copy() for lamp in self._lamps]
        self._orbit = _Turn(world, [*self.scene.camera, *head])
        self._swing = _Turn(world, self._lamps)
        table = find(model, "geom", world.tables[0], world) if world.tables else None
        self._tables = [k for k, part in enumerate(background) if part.fields["objid"] == table]
        materials = [find(model, "material", name, world) for name in world.tables[1:]]
        self._table_fields = [_material(model, index) for index in materials]

    def place(self, scenes: SceneBatch) -> list[list[tuple[np.ndarray, np.ndarray]]]:
        """Where each part of each type would be, were it the object of each slot.

        Returns:
            For each type and each of its parts, positions [n, slots, 3] and axes [n, slots, 3, 3].
        """
        cos, sin = np.cos(scenes.poses[..., 2]), np.sin(scenes.poses[..., 2])
        axes = np.zeros((*scenes.types.shape, 3, 3))
        axes[..., 0, 0], axes[..., 0, 1], axes[..., 1, 0], axes[..., 1, 1] = cos, -sin, sin, cos
        axes[..., 2, 2] = 1.0
        if scenes.look.shape[1]:
            axes *= np.exp(Look.unpack(scenes.look).size)[..., None, None]
        foot = np.zeros((*scenes.types.shape, 3))
        foot[..., :2] = self._world.centre + self._world.half_size * scenes.poses[..., :2]
        return [
            [(foot + axes @ part.position, axes @ part.rotation) for part in parts]
            for parts in self._parts
        ]

    def arrange(self, types: list[int], placed: list, i: int, camera: float) -> None:
        """Put the i-th scene that was placed on the stage, the camera at an angle in radians."""
        k = len(self._background)
        for slot, kind in enumerate(types):
            if kind >= 0:
                for part, (position, axes) in zip(self._parts[kind], placed[kind], strict=True):
                    self._put(k, part, position[i, slot], axes[i, slot])
                    k += 1
        self.scene.ngeom = k
        self._orbit.to(camera)

    def _set_background(self) -> None:
        self._holds: list[Part | None] = [None] * len(self._geoms)
        for k, part in enumerate(self._background):
            self._put(k, part, part.position, part.rotation)

    def _put(self, k: int, part: Part, position: np.ndarray, axes: np.ndarray) -> None:
        if self._holds[k] is not part:
            _write(self._geoms[k], part.fields)
            self._holds[k] = part
        there, turned = self._places[k]
        there[:], turned[:] = position, axes

    def dress(self, types: list[int], look: Look, i: int) -> None:
        """Give the scene that is on the stage a look; the next `arrange` does not take it off."""
        k = len(self._background)
        for slot, kind in enumerate(types):
            for part in self._parts[kind] if kind >= 0 else ():
                self._tint(k, part.fields["rgba"], look.colour[i, slot])
                k += 1
        for k in self._tables:
            fields = self._background[k].fields
            if self._table_fields:
                fields = self._table_fields[int(look.table[i])]
            _write(self._geoms[k], fields)
            self._tint(k, fields["rgba"], look.table_colour[i])
        self._shine(*look.light[i])

    def undress(self) -> None:
        """Take the look off again."""
        self._set_background()
        self._shine(0.0, 0.0)

    def _shine(self, turn: float, brightness: float) -> None:
        self._swing.to(turn)
        for lamp, diffuse in zip(self._lamps, self._diffuse, strict=True):
            lamp.diffuse[:] = diffuse * np.exp(brightness)

    def _tint(self, k: int, rgba: np.ndarray, log_factors: np.ndarray) -> None:
        self._geoms[k].rgba[:3] = np.minimum(rgba[:3] * np.exp(log_factors), 1.0)
        self._holds[k] = None


class _Turn:
    """Cameras and lights that turn together about the upright axis through a world's middle."""

    def __init__(self, world: World, things: list[Any]):
        named = [
            (getattr(thing, name), name == "pos")
            for thing in things
            for name in ("pos", "forward", "up", "dir")
            if hasattr(thing, name)
        ]
        self._views = [view for view, _ in named]
        self._from = np.array([view.copy() for view in self._views]).reshape(-1, 3)
        points = np.array([[is_point] for _, is_point in named]).reshape(-1, 1)
        self._middle = points * np.array([*world.centre, 0.0])
        self._angle = 0.0

    def to(self, angle: float) -> None:
        """Turn them to an angle from where they were first."""
        if angle == self._angle:
            return
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        turned = (self._from - self._middle) @ turn.T + self._middle
        for view, value in zip(self._views, turned, strict=True):
            view[:] = value
        self._angle = angle


def _visible(world: World, model: Any, data: Any, room: int) -> Any:
    mujoco: Any = import_module("mujoco")

    scene, camera = mujoco.MjvScene(model, maxgeom=room), mujoco.MjvCamera()
    camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
    camera.fixedcamid = find(model, "camera", world.camera, world)
    option = mujoco.MjvOption()
    mujoco.mjv_updateScene(model, data, option, None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene)
    for flag in _LEFT_OUT:
        scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{flag}")] = 0
    return scene


def _read(geom: Any) -> dict[str, Any]:
    values = {name: getattr(geom, name) for name in _FIELDS}
    values = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in values.items()}
    return {**values, "reflectance": 0.0}  # MuJoCo blends what reflects, without reflections too


def _write(geom: Any, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            getattr(geom, name)[:] = value
        else:
            setattr(geom, name, value)


def _material(model: Any, index: int) -> dict[str, Any]:
    """What a geom takes from a material."""
    mujoco: Any = import_module("mujoco")

    names = "texuniform", "texrepeat", "rgba", "emission", "specular", "shininess"
    values = {name: getattr(model, f"mat_{name}")[index] for name in names}
    texture = int(model.mat_texid[index][mujoco.mjtTextureRole.mjTEXROLE_RGB])
    return {"matid": index, "texid": texture, **{k: _plain(v) for k, v in values.items()}}


def _plain(value: Any) -> Any:
    """A copy of an array, or a number that is no NumPy scalar."""
    return value.copy() if value.ndim else value.item()
