"""Black scenes with their counts drawn, to be filled in; and the checks of their options."""

import numpy as np

from airscene.errors import InputError
from airscene.images.truth import LabelledScenes

# The most that the images of a data set may take.
_MAX_BYTES = 8_000_000_000


def check_options(
    n: int, seed: int, counts: tuple[int, ...], image_size: int, channels: int = 1
) -> None:
    """Refuses what no scenes can be made of.

    Raises:
        InputError: if an option is out of range.
    """
    if n < 1 or seed < 0:
        raise InputError(f"{n} scenes of seed {seed}; give at least one and a seed of at least 0")
    if not counts or min(counts) < 0:
        raise InputError(f"counts is {counts}; it should list whole numbers of at least 0")
    if image_size < 1:
        raise InputError(f"image_size is {image_size} pixels; it should be at least 1")
    if n * image_size**2 * channels > _MAX_BYTES:
        raise InputError(
            f"{n:,} scenes of {image_size}x{image_size} pixels do not fit in memory; give fewer "
            "or smaller ones"
        )


def blank_scenes(
    n: int,
    rng: np.random.Generator,
    counts: tuple[int, ...],
    image_size: int,
    source: str,
    channels: int = 1,
) -> LabelledScenes:
    """Black images with their counts drawn, each count equally likely, and no truth yet."""
    most = max(counts)
    shape = (n, image_size, image_size) if channels == 1 else (n, image_size, image_size, channels)
    return LabelledScenes(
        images=np.zeros(shape, np.uint8),
        counts=rng.choice(np.array(counts, np.int32), n),
        labels=np.full((n, most), -1, np.int32),
        boxes=np.full((n, most, 4), np.nan, np.float32),
        source=source,
    )
