"""A renderer in a few lines of NumPy: flat shapes with soft edges, smooth in every pose."""

import numpy as np
from jaxtyping import Float, UInt8

from airscene.graphics.scenes import SceneBatch

TYPES = ("disc", "square", "triangle")
COLOURS = np.array([[0.9, 0.2, 0.2], [0.2, 0.8, 0.3], [0.3, 0.4, 0.95]])
# From the middle to the nearest edge, in half-widths of the image; and the edges' width, in pixels.
SIZE, EDGE = 0.25, 1.0


class PlaneRenderer:
    """Draws discs, squares and triangles on black, later slots over earlier ones.

    A shape covers sigmoid(s / EDGE) of a pixel, s the signed distance in pixels from its middle to
    the nearest edge: so the log-likelihood has a gradient that can be written down, which finite
    differences are tested against.

    Args:
        image_size: height and width of the images, in pixels; the shorter side is from -1 to 1.
    """

    def __init__(self, image_size: tuple[int, int] = (64, 64)):
        self.image_size = image_size

    def render(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw each scene; there is no camera and no look."""
        return np.rint(self.render_exactly(scenes) * 255.0).astype(np.uint8)

    def render_exactly(self, scenes: SceneBatch) -> Float[np.ndarray, "n height width 3"]:
        """The same before it is rounded, from 0 to 1."""
        images = np.zeros((len(scenes), *self.image_size, 3))
        for slot in range(scenes.types.shape[1]):
            for kind in range(len(TYPES)):
                rows = np.flatnonzero(scenes.types[:, slot] == kind)
                cover = self._cover(kind, scenes.poses[rows, slot])[..., None]
                images[rows] += cover * (COLOURS[kind] - images[rows])
        return images

    def _cover(
        self, kind: int, poses: Float[np.ndarray, "n 3"]
    ) -> Float[np.ndarray, "n height width"]:
        height, width = self.image_size
        unit = min(height, width) / 2.0
        x = (np.arange(width) + 0.5 - width / 2.0) / unit
        y = (height / 2.0 - np.arange(height) - 0.5) / unit
        dx, dy = x - poses[:, 0, None, None], y[:, None] - poses[:, 1, None, None]
        cos, sin = np.cos(poses[:, 2, None, None]), np.sin(poses[:, 2, None, None])
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        if TYPES[kind] == "disc":
            outside = np.hypot(u, v)
        elif TYPES[kind] == "square":
            outside = np.maximum(np.abs(u), np.abs(v))
        else:
            outside = np.maximum(-v, 0.5 * v + np.sqrt(0.75) * np.abs(u))
        return 1.0 / (1.0 + np.exp(-(SIZE - outside) * unit / EDGE))

    def close(self) -> None:
        """There is nothing to give back."""
