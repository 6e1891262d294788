"""A renderer for inference: in this process, and made when it is first needed."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float32, UInt8

from airscene.graphics import MujocoRenderer, Renderer, SceneBatch, World
from airscene.graphics.renderer import render_checked
from airscene.inference.worlds import to_batch
from airscene.scene import PosedScenes


class Drawing:
    """Draws the scenes of a world.

    Not by a pool of workers: those import the script that uses them, which only a script under
    `if __name__ == "__main__":` survives, and take longer to start than a thousand renders.

    Args:
        world: What is drawn.
        make: Makes the renderer; MuJoCo's if not given.
    """

    def __init__(self, world: World, make: Callable[[], Renderer] | None = None):
        self.world = world
        self.make = make or partial(MujocoRenderer, world)
        self._renderer: Renderer | None = None

    def draw(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw scenes.

        Raises:
            InputError: If MuJoCo or OpenGL is missing, or the renderer fails.
        """
        if self._renderer is None:
            self._renderer = self.make()
        return render_checked(self._renderer, scenes)

    def render(self, scenes: PosedScenes) -> Float32[np.ndarray, "n height width 3"]:
        """Draw what was inferred, or made by hand.

        Returns:
            Images, as floats in [0, 1].

        Raises:
            InputError: If the scenes are not of this world, or nothing can be drawn.
        """
        return self.draw(to_batch(scenes, self.world)) / np.float32(255.0)
