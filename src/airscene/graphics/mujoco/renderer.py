"""MuJoCo as a renderer: the scenes of a `World`, drawn into one off-screen buffer."""

import weakref
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError
from airscene.graphics.look import Look
from airscene.graphics.mujoco.context import current, make_context
from airscene.graphics.mujoco.mjcf import load_mjcf
from airscene.graphics.mujoco.stage import Stage
from airscene.graphics.scenes import SceneBatch
from airscene.graphics.world import World

# Tiles along a side of the buffer where a graphics card draws, as reading back is what costs there.
# Software clears a part of a buffer slower than the whole: it is fastest with one image a buffer.
_CARD_TILES = 8
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software")


class MujocoRenderer:
    """Draws the scenes of a world with MuJoCo's OpenGL renderer, on a card or in software.

    Nothing is simulated and no kinematics run: the geoms of each object type are taken from the
    MJCF once, and moved in the list that MuJoCo draws. Shadows, reflections, skybox and fog are
    left out; otherwise the file's `<visual>` settings hold. Renderers of threads take turns.

    Args:
        world: the MJCF file and what of it is an object.
        tiles: images along a side of the buffer that are read back at once; None for what is
            fastest with the OpenGL that is there.

    Raises:
        InputError: if MuJoCo or OpenGL is missing, the file does not parse, or has no body,
            camera, geom or material of a name that the world gives.
    """

    def __init__(self, world: World, tiles: int | None = None):
        self.world, self.image_size = world, world.image_size
        # MuJoCo draws into a buffer of its own: the context's can be small.
        self._context = make_context(16, 16)
        mujoco: Any = import_module("mujoco")
        from OpenGL import GL

        model = load_mjcf(world)
        with current(self._context):
            drawn_by = (GL.glGetString(GL.GL_RENDERER) or b"").decode().lower()
            software = any(name in drawn_by for name in _SOFTWARE)
            self._tiles = tiles or (1 if software else _CARD_TILES)
            height, width = (side * self._tiles for side in self.image_size)
            model.vis.global_.offheight, model.vis.global_.offwidth = height, width
            model.vis.quality.shadowsize = 0
            self._mjr = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._mjr)
        self._closed = weakref.finalize(self, _free, self._context, self._mjr)
        # A process that ends frees it all, and may have ended OpenGL before.
        self._closed.atexit = False
        self._buffer = np.empty((height, width, 3), np.uint8)
        self._whole = mujoco.MjrRect(0, 0, width, height)
        self._stage = Stage(world, model)

    def render(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw each scene.

        Args:
            scenes: of the world's slots at most, with its types and camera numbers; `look` from
                `Look.pack`, or of 0 numbers.

        Raises:
            InputError: if they are not of this world, or the renderer is closed.
        """
        self._check(scenes)
        with current(self._context):
            return self._drawn(scenes)

    def _drawn(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw scenes into the current context."""
        mujoco: Any = import_module("mujoco")

        stage, (height, width), grid = self._stage, self.image_size, self._tiles
        images = np.empty((len(scenes), height, width, 3), np.uint8)
        tiles = self._buffer.reshape(grid, height, grid, width, 3)
        types, placed = scenes.types.tolist(), stage.place(scenes)
        angles = scenes.camera[:, 0].tolist() if self.world.orbit else [0.0] * len(scenes)
        look = Look.unpack(scenes.look) if scenes.look.shape[1] else None
        for start in range(0, len(scenes), grid**2):
            several = range(start, min(start + grid**2, len(scenes)))
            for i in several:
                stage.arrange(types[i], placed, i, angles[i])
                if look is not None:
                    stage.dress(types[i], look, i)
                row, column = divmod(i - start, grid)
                place = mujoco.MjrRect(column * width, row * height, width, height)
                mujoco.mjr_render(place, stage.scene, self._mjr)
            mujoco.mjr_readPixels(self._buffer, None, self._whole, self._mjr)
            for i in several:
                row, column = divmod(i - start, grid)
                images[i] = tiles[row, ::-1, column]  # OpenGL counts rows from below
        if look is not None:
            stage.undress()
        return images

    def close(self) -> None:
        """Free the graphics context."""
        self._closed()

    def _check(self, scenes: SceneBatch) -> None:
        world, slots = self.world, scenes.types.shape[1]
        largest, cameras = scenes.types.max(initial=-1), int(world.orbit > 0)
        if not self._closed.alive:
            raise InputError("the renderer is closed; make another one")
        if slots > world.n_slots or largest >= len(world.types):
            raise InputError(
                f"scenes of {slots} slots with types up to {largest}; {world.mjcf} is used with "
                f"{world.n_slots} slots and types 0 to {len(world.types) - 1}"
            )
        if scenes.camera.shape[1] != cameras or scenes.look.shape[1] not in (0, 6 + 4 * slots):
            raise InputError(
                f"scenes with {scenes.camera.shape[1]} camera and {scenes.look.shape[1]} look "
                f"numbers; {world.mjcf} is used with {cameras}, and with 0 or {6 + 4 * slots}"
            )
        tables = max(1, len(world.tables) - 1)
        chosen = Look.unpack(scenes.look).table if scenes.look.shape[1] else []
        if not np.isin(chosen, range(tables)).all():
            raise InputError(
                f"a look's table should be from 0 to {tables - 1}: {world.mjcf} is used with "
                f"{tables} table material(s)"
            )


def _free(context: Any, mjr: Any) -> None:
    with current(context):
        mjr.free()
    context.free()
