"""A renderer for inference: in this process, and made when it is first needed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from airscene.graphics import Likelihood, MujocoRenderer, Renderer, SceneBatch, World
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.renderer import render_checked
from airscene.inference.chunks import CHUNK
from airscene.inference.worlds import to_batch
from airscene.inverse.search.refine import Score
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

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: what makes the renderer, which the other process makes again."""
        return {**vars(self), "_renderer": None}

    def draw(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw scenes.

        Raises:
            InputError: If MuJoCo or OpenGL is missing, or the renderer fails.
        """
        if self._renderer is None:
            self._renderer = self.make()
        return render_checked(self._renderer, scenes)

    def render(self, scenes: PosedScenes) -> Float32[np.ndarray, "n height width 3"]:
        """Draw what was inferred, or made by hand, as floats in [0, 1].

        Raises:
            InputError: If the scenes are not of this world, or nothing can be drawn.
        """
        return self.draw(to_batch(scenes, self.world)) / np.float32(255.0)

    def score(
        self, targets: UInt8[np.ndarray, "targets height width 3"], likelihood: Likelihood
    ) -> Score:
        """Return the function that draws scenes and compares each with one of these images."""
        blur, sigma = likelihood
        bases = [blur_basis(side, blur) for side in targets.shape[1:3]]
        observed = blurred(targets, *bases)

        def score(scenes: SceneBatch, which: np.ndarray) -> np.ndarray:
            values = np.zeros(len(scenes))
            # A few at a time, as blurred images take four times as much memory as images.
            for start in range(0, len(scenes), CHUNK):
                some = slice(start, start + CHUNK)
                drawn = blurred(self.draw(scenes[some]), *bases)
                values[some] = log_likelihoods(drawn, observed, which[some], sigma, targets[0].size)
            return values

        return score
