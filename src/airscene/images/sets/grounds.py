"""The ground that objects lie on: grey, coloured or textured."""

import math
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32

from airscene.images.resample import resample

Ground = Literal["grey", "coloured", "textured"]
GROUNDS: tuple[Ground, ...] = get_args(Ground)

# Of a texture, in units of white: how far the smooth field goes from its middle colour, and how far
# stripes, or a standard deviation of noise, go from the field.
FIELD, FINE = 0.12, 0.04
# Pixels between stripes.
_PERIODS = 4.0, 12.0
# The field is drawn at so many points a side, and resampled twice, so that it is smooth.
_POINTS, _BETWEEN = 4, 12


def ground_colours(kind: Ground, n: int, rng: np.random.Generator) -> Float32[np.ndarray, "n 3"]:
    """Draws the colours of n grounds, uniform in RGB, or among greys if they are grey."""
    channels = 1 if kind == "grey" else 3
    return np.broadcast_to(rng.random((n, channels), np.float32), (n, 3)).copy()


def draw_grounds(
    kind: Ground, colours: Float32[np.ndarray, "n 3"], image_size: int, rng: np.random.Generator
) -> Float32[np.ndarray, "n height width 3"]:
    """Draws the grounds of n images.

    A grey or coloured ground is one colour. A textured one is a smooth field of colours around one.
    On half of the fields there are stripes of any direction, some pixels apart, and on the others
    there is grey noise: both of low contrast.

    Args:
        kind: which ground.
        colours: the colour, or middle colour, of each ground, in [0, 1].
        image_size: height and width of the images, in pixels.
        rng: what draws them.

    Returns:
        The grounds, in [0, 1].
    """
    n = len(colours)
    if kind != "textured":
        return np.broadcast_to(colours[:, None, None], (n, image_size, image_size, 3)).copy()
    grounds = _fields(n, image_size, rng)
    grounds += colours[:, None, None]
    striped = rng.random(n) < 0.5
    fine = np.empty((n, image_size, image_size), np.float32)
    fine[striped] = _stripes(int(striped.sum()), image_size, rng)
    shape = (n - int(striped.sum()), image_size, image_size)
    fine[~striped] = FINE * rng.standard_normal(shape, np.float32)
    grounds += fine[..., None]
    return np.clip(grounds, 0.0, 1.0, out=grounds)


def _fields(
    n: int, image_size: int, rng: np.random.Generator
) -> Float32[np.ndarray, "n height width 3"]:
    points = rng.uniform(-FIELD, FIELD, (3 * n, _POINTS, _POINTS)).astype(np.float32)
    fields = resample(resample(points, (_BETWEEN, _BETWEEN)), (image_size, image_size))
    return np.moveaxis(fields.reshape(n, 3, image_size, image_size), 1, 3).copy()


def _stripes(
    n: int, image_size: int, rng: np.random.Generator
) -> Float32[np.ndarray, "n height width"]:
    """A sin(2 pi (x cos a + y sin a) / period + phase)."""
    angles, phases = (rng.uniform(0.0, 2.0 * math.pi, n) for _ in range(2))
    waves = 2.0 * math.pi / rng.uniform(*_PERIODS, n)
    along = np.arange(image_size)
    x = (waves * np.cos(angles))[:, None] * along + phases[:, None]
    y = (waves * np.sin(angles))[:, None] * along
    # sin(x + y), from sines and cosines of the sides alone.
    sines = np.sin(y)[:, :, None] * np.cos(x)[:, None] + np.cos(y)[:, :, None] * np.sin(x)[:, None]
    return (FINE * sines).astype(np.float32)
