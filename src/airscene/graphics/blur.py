"""The blurred Gaussian likelihood, in the basis where blurring is a product.

A Gaussian blur with reflection at the edges is diagonal in the discrete cosine transform: frequency
k of N pixels is multiplied by exp(-(blur pi k / N)^2 / 2). The squared error of two blurred images
is the sum over the frequencies of the squared differences (Parseval), and the frequencies that the
blur removes need not be computed: what is left are two small matrix products an image.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

# Frequencies that keep less than this share of their amplitude are left out: of the squared error
# that is less than a ten-thousandth of what they had, which is little, as images have most of it in
# the low ones.
_LEAST = 1e-2


class Likelihood(NamedTuple):
    """The blurred Gaussian likelihood.

    Args:
        blur: standard deviation of the blur, in pixels.
        sigma: standard deviation of the blurred images' noise, in units of white.
    """

    blur: float
    sigma: float


@functools.lru_cache(maxsize=4)
def blur_basis(size: int, blur: float) -> Float32[np.ndarray, "frequencies {size}"]:
    """The blurred cosine transform of one axis, of the frequencies that the blur leaves.

    Args:
        size: pixels along the axis.
        blur: standard deviation of the Gaussian, in pixels; 0 for none.
    """
    k = np.arange(size)
    kept = np.exp(-0.5 * (blur * np.pi * k / size) ** 2)
    kept, k = kept[kept >= _LEAST], k[kept >= _LEAST]
    cosines = np.cos(np.pi / size * np.outer(k, np.arange(size) + 0.5)) * math.sqrt(2.0 / size)
    cosines[0] /= math.sqrt(2.0)
    basis = (kept[:, None] * cosines).astype(np.float32)
    basis.setflags(write=False)
    return basis


def blurred(
    images: UInt8[np.ndarray, "n height width 3"] | Float32[np.ndarray, "n height width 3"],
    rows: Float32[np.ndarray, "k_rows height"],
    columns: Float32[np.ndarray, "k_columns width"],
) -> Float32[np.ndarray, "n frequencies"]:
    """Blurred images by their frequencies, in units of white.

    Args:
        images: the images, 0 black to 255 white.
        rows: `blur_basis` of the height.
        columns: `blur_basis` of the width.
    """
    n, height, width, _ = images.shape
    scaled = rows * np.float32(1.0 / 255.0)
    first = scaled @ images.astype(np.float32, copy=False).reshape(n, height, width * 3)
    by_channel = first.reshape(n, len(rows), width, 3).swapaxes(2, 3).reshape(-1, width)
    return (by_channel @ columns.T).reshape(n, -1)


def log_likelihoods(
    drawn: Float32[np.ndarray, "n frequencies"],
    targets: Float32[np.ndarray, "targets frequencies"],
    which: Int[np.ndarray, "n"],
    sigma: float,
    pixels: int,
) -> Float[np.ndarray, "n"]:
    """Gaussian log-likelihood of blurred targets, given blurred images.

    log N(B x | B y, sigma^2 I) = -|B x - B y|^2 / (2 sigma^2) - D / 2 log(2 pi sigma^2)

    Args:
        drawn: the images of scenes, from `blurred`.
        targets: the images observed, from `blurred`.
        which: the target of each image.
        sigma: standard deviation, in units of white.
        pixels: numbers in an image, D.

    Source: Eslami et al. 2016, appendix I.3.
    """
    errors = drawn - targets[which]
    squared = np.einsum("nd,nd->n", errors, errors).astype(np.float64)
    return -0.5 * squared / sigma**2 - 0.5 * pixels * math.log(2.0 * math.pi * sigma**2)
