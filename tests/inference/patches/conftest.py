"""Images of discs on grounds that vary, and a model that a short training makes of them."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from rich.console import Console

SMALL = {
    "pixels": 8,
    "n_steps": 5,
    "n_what": 6,
    "n_cells": 8,
    "n_hidden": 32,
    "n_layer": 64,
    "steps": 130,
    "batch_size": 16,
    "n_crops": 600,
    "warmup": 20,
    "learning_rate": 5e-3,
    "evaluate_every": 130,
    "save_every": 130,
}


@dataclass
class Discs:
    """An image, and the centres (x, y) and radii of its discs."""

    image: np.ndarray
    centres: np.ndarray
    radii: np.ndarray


def discs(n: int, shape: tuple[int, int], seed: int) -> Discs:
    """Discs of about 16 pixels that do not touch, dark and light and in colours, and some noise."""
    rng = np.random.default_rng(seed)
    height, width = shape
    y, x = np.mgrid[:height, :width]
    image = np.full((height, width, 3), 0.5) + rng.uniform(-0.1, 0.1, 3)
    image += rng.uniform(-0.1, 0.1) * x[..., None] / width
    centres, radii = np.zeros((0, 2)), []
    while len(centres) < n:
        centre = rng.uniform(9, (width - 9, height - 9))
        if (np.hypot(*(centres - centre).T) < 20).any():
            continue
        centres, radius = np.concatenate([centres, [centre]]), rng.uniform(6.5, 9.0)
        radii.append(radius)
        colour = rng.permutation([0.95, rng.uniform(0.1, 0.9), 0.05])
        image[np.hypot(x + 0.5 - centre[0], y + 0.5 - centre[1]) < radius] = colour
    noisy = np.clip(image + rng.normal(0, 0.02, image.shape), 0, 1).astype(np.float32)
    return Discs(noisy, centres, np.array(radii))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A model of discs, trained for a few seconds on images of several sizes."""
    from airscene.runs.fit import fit

    rng = np.random.default_rng(0)
    images = [
        discs(int(rng.integers(0, 7)), (80 + 10 * (k % 3), 100), 100 + k).image for k in range(40)
    ]
    out = tmp_path_factory.mktemp("runs") / "discs"
    console = Console(file=io.StringIO())
    return fit("images", out, images=images, object_size="16px", console=console, **SMALL)
