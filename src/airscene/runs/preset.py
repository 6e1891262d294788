"""A preset: everything that decides a run, in one frozen value."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError
from airscene.images import LabelledScenes
from airscene.images.config import DataConfig
from airscene.images.estimates import estimate_object_size, estimate_sigma
from airscene.images.load import Paths
from airscene.model.config import AIRConfig
from airscene.runs.override import override_parts
from airscene.schema import FOR_READERS, read
from airscene.training.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A data set, a model and a way to train it, known to work together.

    Args:
        name: Its name on the command line.
        about: What it is, in a line.
        example: Options of a typical command line, for the help.
        data: The images.
        model: The model; `image_shape` follows from the images, and so do an `object_size` and a
            `sigma` of 0.
        training: How it is trained.
        number: The recipe's number, raised when its behaviour changes: runs and rows of a lower
            one are then of another recipe.
    """

    name: str
    about: str = field(metadata=FOR_READERS)
    example: str = field(metadata=FOR_READERS)
    data: DataConfig = field(default_factory=DataConfig)
    model: AIRConfig = field(default_factory=AIRConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    number: int = 1

    def override(self, **values: Any) -> "Preset":
        """Change fields of the data, the model and the training, by name.

        Args:
            values: New values, for instance `steps=500, digits="bundled"`.

        Returns:
            The changed preset.

        Raises:
            InputError: If there is no such field, or a value is out of range.
        """
        return override_parts(self, ("data", "model", "training"), values)

    def load(self, images: Paths | None = None) -> tuple["Preset", LabelledScenes, LabelledScenes]:
        """Load the images, and let the model follow from them.

        Args:
            images: Images of one's own, in place of those that the data's `images` names.

        Returns:
            The preset with `image_shape`, and `object_size` and `sigma` where they were 0, taken
            from the images; the training scenes; the held-out scenes.

        Raises:
            InputError: If there are no such images.
        """
        training, held_out = (self.data.load(split, images) for split in ("train", "test"))
        shape = channels_first(training.images).shape[1:]
        size = self.model.object_size or estimate_object_size(training.images)
        sigma = self.model.sigma or estimate_sigma(training.images[:2000])
        model = replace(self.model, image_shape=shape, object_size=size, sigma=sigma)
        return replace(self, model=model), training, held_out


def run_data(folder: Path) -> DataConfig:
    """Return what a run was trained on, from its `config.json`.

    Raises:
        InputError: If the file does not say so.
    """
    file = folder / "config.json"
    try:
        said: dict[str, Any] = json.loads(file.read_text())
        return read(DataConfig, said["data"], said.get("schema", 1))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not say what the run was trained on ({error})") from error


def channels_first(images: UInt8[np.ndarray, "n *shape"]) -> UInt8[np.ndarray, "n c h w"]:
    """Bring grey [n, H, W] or colour [n, H, W, 3] images to the model's layout."""
    return images[:, None] if images.ndim == 3 else np.moveaxis(images, 3, 1)
