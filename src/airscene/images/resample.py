"""Resampling of images: two small matrices of triangles, one a side."""

import functools

import numpy as np
from jaxtyping import Float, Float32

# Keeps the working memory of one product within tens of megabytes.
_CHUNK = 4096


@functools.lru_cache(maxsize=256)
def _triangles(n_in: int, n_out: int) -> Float32[np.ndarray, "n_out n_in"]:
    """Each output pixel weighs input pixels by a triangle, widened when shrinking (antialiasing).

    A_ij proportional to max(0, 1 - |c_i - (j + 1/2)| / w), c_i = (i + 1/2) n_in / n_out,
    w = max(1, n_in / n_out); rows sum to 1.
    """
    ratio = n_in / n_out
    centres = (np.arange(n_out)[:, None] + 0.5) * ratio
    distances = np.abs(centres - (np.arange(n_in) + 0.5))
    weights = np.maximum(0.0, 1.0 - distances / max(1.0, ratio))
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.setflags(write=False)  # The cache hands the same array to everyone.
    return weights


def resample(
    images: Float[np.ndarray, "n height width"], size: tuple[int, int]
) -> Float32[np.ndarray, "n new_height new_width"]:
    """Resamples grey images bilinearly, with antialiasing where they shrink: A_y x A_x^T.

    The same filter as Pillow's `BILINEAR`, in floats. A constant stays constant and no value
    leaves the range of the input.

    Args:
        images: any values.
        size: the new (height, width), in pixels.
    """
    n, height, width = images.shape
    rows, columns = _triangles(height, size[0]), _triangles(width, size[1])
    out = np.empty((n, *size), np.float32)
    for start in range(0, n, _CHUNK):
        chunk = images[start : start + _CHUNK].astype(np.float32)
        # [n, H, W] x [W, w], then [h, H] x [n, H, w]: the first is one large product.
        out[start : start + _CHUNK] = rows @ (chunk @ columns.T)
    return out


def middle(
    image: Float[np.ndarray, "height width *channel"], size: tuple[int, int]
) -> Float[np.ndarray, "new_height new_width *channel"]:
    """The largest part of an image, around its middle, that has the proportions of a size."""
    height, width = image.shape[:2]
    high = min(height, max(1, round(width * size[0] / size[1])))
    wide = min(width, max(1, round(height * size[1] / size[0])))
    top, left = (height - high) // 2, (width - wide) // 2
    return image[top : top + high, left : left + wide]
