"""What a data set is, and black scenes to fill in.

A new one is a file here, and a line in `DATA_SETS`.
"""

import inspect
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from airscene.errors import InputError
from airscene.images.truth import LabelledScenes

Split = Literal["train", "test"]

# The most that the images of a data set may take.
_MAX_BYTES = 8_000_000_000


@runtime_checkable
class DataSet(Protocol):
    """A function that returns the scenes of a split.

    Its keywords are the fields of `airscene.images.config.DataConfig` that it uses: the others are
    refused where they are given for it.
    """

    def __call__(self, split: Split, *args: Any, **options: Any) -> LabelledScenes:
        """Return the scenes to train on, or those held out."""
        ...


def options_of(data_set: DataSet) -> tuple[str, ...]:
    """Return the fields of `DataConfig` that a data set uses."""
    return tuple(inspect.signature(data_set).parameters)[1:]


def number_and_seed(split: Split, n_train: int, n_test: int, data_seed: int) -> tuple[int, int]:
    """Return how many scenes a split has, and their seed: no split has another's."""
    return (n_train, 2 * data_seed) if split == "train" else (n_test, 2 * data_seed + 1)


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
