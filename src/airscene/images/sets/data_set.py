"""What a data set is. A new one is a file here, and a line in `DATA_SETS`."""

import inspect
from typing import Any, Literal, Protocol, runtime_checkable

from airscene.images.truth import LabelledScenes

Split = Literal["train", "test"]


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
