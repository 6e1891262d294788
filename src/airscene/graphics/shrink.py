"""Making renders small: what the network sees."""

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError


def shrink(
    images: UInt8[np.ndarray, "n height width 3"], factor: int = 4
) -> UInt8[np.ndarray, "n small_height small_width 3"]:
    """Averages blocks of pixels: 128x128 renders become 32x32 inputs.

    Args:
        images: renders.
        factor: pixels along a side of a block.

    Raises:
        InputError: if the blocks do not fill the images.

    Source: Eslami et al. 2016, appendix I.2 ("down-sampled"); the averaging is ours.
    """
    n, height, width, _ = images.shape
    if factor < 1 or height % factor or width % factor:
        raise InputError(f"images of {height}x{width} pixels do not shrink by a factor of {factor}")
    if factor == 1:
        return images
    blocks = images.reshape(n, height // factor, factor, width // factor, factor, 3)
    # In two steps, as sums along the last axes are quick.
    sums = blocks.sum(axis=2, dtype=np.uint16).sum(axis=3, dtype=np.uint16)
    return ((sums + factor**2 // 2) // factor**2).astype(np.uint8)
