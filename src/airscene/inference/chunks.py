"""Batches of few sizes, so that few are compiled."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

# Images a dispatch: enough for efficient products, few enough that a chunk of nearly empty
# scenes ends early. Fewer are padded to a power of two, so that few sizes are compiled.
CHUNK = 128


def padded_chunks(images: np.ndarray, chunk: int = CHUNK) -> Iterator[tuple[np.ndarray, int]]:
    """Cut an array into chunks of rows, the last one padded with zeros to a power of two.

    Yields:
        A chunk, and how many of its rows are no padding.
    """
    for start in range(0, len(images), chunk):
        part = images[start : start + chunk]
        n, size = len(part), min(chunk, 1 << (len(part) - 1).bit_length())
        yield np.concatenate([part, np.zeros((size - n, *part.shape[1:]), part.dtype)]), n


def in_chunks(apply: Callable[[Any], Any], images: np.ndarray, chunk: int = CHUNK) -> Any:
    """Apply a compiled function to images, a chunk at a time.

    Args:
        apply: The function; each array in what it returns has a row an image.
        images: The images.
        chunk: The most a chunk.

    Returns:
        The tree of arrays that it returns, joined to be of all images.
    """
    parts = [apply(part) for part, _ in padded_chunks(images, chunk)]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[: len(images)], *parts)
