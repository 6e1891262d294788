"""What a data set is, and black scenes to fill in.

A new one is a file here, and a line in `DATA_SETS`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError
from airscene.images.truth import LabelledScenes

Split = Literal["train", "test"]

# The most that the images of a data set may take.
_MAX_BYTES = 8_000_000_000
# The most objects that the bytes of a label image tell apart.
_MAX_MASKS = 255


@runtime_checkable
class DataSet(Protocol):
    """A function that returns the scenes of a split.

    Its keywords are the fields of `airscene.images.config.DataConfig` that it uses: the others are
    refused where they are given for it.
    """

    def __call__(self, split: Split, *args: Any, **options: Any) -> LabelledScenes:
        """Return the scenes to train on, or those held out."""
        ...


@dataclass(frozen=True)
class DrawnSet:
    """A data set whose scenes a function draws.

    Args:
        draw: Takes `n` and `seed`, and the options.
        options: Fields of `DataConfig`, beside those that decide `n` and `seed`.
        load: Takes the split and an option, and returns what `draw` takes; by the option's name.
        about: What it is, in a line.
    """

    draw: Callable[..., LabelledScenes]
    options: tuple[str, ...]
    load: Mapping[str, Callable[[Split, Any], Any]] = field(default_factory=dict)
    about: str = ""

    def __call__(
        self, split: Split, *, n_train: int, n_test: int, data_seed: int, **options: Any
    ) -> LabelledScenes:
        """Return the scenes to train on, or those held out."""
        n, seed = number_and_seed(split, n_train, n_test, data_seed)
        loaded = {name: load(split, options[name]) for name, load in self.load.items()}
        return self.draw(n=n, seed=seed, **{**options, **loaded})


def options_of(data_set: DataSet) -> tuple[str, ...]:
    """Return the fields of `DataConfig` that a data set uses."""
    if isinstance(data_set, DrawnSet):
        return ("n_train", "n_test", "data_seed", *data_set.options)
    return tuple(inspect.signature(data_set).parameters)[1:]


def usual_options(data_set: DataSet) -> dict[str, Any]:
    """Return the options of a data set that have defaults of its own, with these."""
    if not isinstance(data_set, DrawnSet):
        return {}
    known = inspect.signature(data_set.draw).parameters
    usual = {name: known[name].default for name in data_set.options if name not in data_set.load}
    return {name: value for name, value in usual.items() if value is not inspect.Parameter.empty}


def number_and_seed(split: Split, n_train: int, n_test: int, data_seed: int) -> tuple[int, int]:
    """Return how many scenes a split has, and their seed: no split has another's."""
    return (n_train, 2 * data_seed) if split == "train" else (n_test, 2 * data_seed + 1)


def blank_scenes(
    n: int, seed: int, counts: tuple[int, ...], image_size: int, source: str, channels: int = 1
) -> tuple[LabelledScenes, np.random.Generator]:
    """Black images with their counts drawn, each count equally likely, and no truth yet.

    Returns:
        The scenes, and what draws the rest of them.

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
    rng, most = np.random.default_rng(seed), max(counts)
    shape = (n, image_size, image_size) if channels == 1 else (n, image_size, image_size, channels)
    scenes = LabelledScenes(
        images=np.zeros(shape, np.uint8),
        counts=rng.choice(np.array(counts, np.int32), n),
        labels=np.full((n, most), -1, np.int32),
        boxes=np.full((n, most, 4), np.nan, np.float32),
        source=source,
    )
    return scenes, rng


def blank_masked_scenes(
    n: int, seed: int, counts: tuple[int, ...], image_size: int, source: str, channels: int = 1
) -> tuple[LabelledScenes, UInt8[np.ndarray, "n height width"], np.random.Generator]:
    """As `blank_scenes`, with masks: label images of nothing but ground.

    Returns:
        The scenes, their masks, and what draws the rest of them.

    Raises:
        InputError: if an option is out of range.
    """
    scenes, rng = blank_scenes(n, seed, counts, image_size, source, channels)
    if max(counts) > _MAX_MASKS:
        raise InputError(f"counts is {counts}; a scene with masks has at most {_MAX_MASKS} objects")
    masks = np.zeros(scenes.images.shape[:3], np.uint8)
    return replace(scenes, masks=masks), masks, rng
