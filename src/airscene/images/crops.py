"""Crops of images of any size."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

# Of every second crop, this many are tried, and the one with the most ink is taken: where objects
# are few, most of an image is ground.
TRIES = 4


def cut_crops(
    images: Sequence[Float32[np.ndarray, "channel _ _"]], n: int, side: int, seed: int
) -> Float32[np.ndarray, "n channel side side"]:
    """Cut crops from images less their ground.

    Images are drawn by their area, so that each place is as likely as any other, but for every
    second crop, which has more ink than most.

    Args:
        images: The images.
        n: Number of crops.
        side: Their side, in pixels; where an image is smaller, the rest is NaN.
        seed: Decides which.
    """
    rng = np.random.default_rng(seed)
    areas = np.array([image.shape[1] * image.shape[2] for image in images], float)
    chosen = rng.choice(len(images), n, p=areas / areas.sum())
    crops = np.full((n, images[0].shape[0], side, side), np.nan, np.float32)
    for k, image in enumerate(images[i] for i in chosen):
        tried = [_crop(image, side, rng) for _ in range(TRIES if k % 2 else 1)]
        best = max(tried, key=lambda crop: float(np.abs(crop[:, ::3, ::3]).sum()))
        crops[k, :, : best.shape[1], : best.shape[2]] = best
    return crops


def _crop(image: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    top, left = (int(rng.integers(max(0, n - side) + 1)) for n in image.shape[1:])
    return image[:, top : top + side, left : left + side]
