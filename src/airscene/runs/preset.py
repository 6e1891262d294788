"""A preset: everything that decides a run, in one frozen value."""

import json
import warnings
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError, InputWarning, check_option
from airscene.images import (
    LabelledScenes,
    image_set,
    load_digits,
    load_omniglot,
    multi_mnist,
    multi_mnist_shrunk,
    sprites,
)
from airscene.images.estimates import estimate_object_size, estimate_sigma
from airscene.images.load import Paths
from airscene.model.config import AIRConfig
from airscene.runs.override import override_parts
from airscene.schema import FOR_READERS, NO_OPTION, read
from airscene.training.config import TrainConfig

Kind = Literal["multi-mnist", "multi-mnist-shrunk", "sprites", "omniglot", "images"]

# Fewer images of one's own than this are hardly enough.
FEW = 1000

# Options that do not apply to a data set.
NOT_FOR: dict[Kind, tuple[str, ...]] = {
    "multi-mnist": ("omniglot",),
    "multi-mnist-shrunk": ("omniglot", "digit_size"),
    "sprites": ("digits", "omniglot", "digit_size"),
    "omniglot": ("digits", "counts", "digit_size", "n_train", "n_test"),
    "images": ("digits", "omniglot", "counts", "image_size", "digit_size", "n_train", "n_test"),
}


@dataclass(frozen=True)
class DataConfig:
    """The images to train on.

    Args:
        kind: The data set.
        digits: Where MNIST comes from: "auto", "bundled" or a folder.
        omniglot: Where Omniglot comes from: "auto" or a folder.
        images: For `images`: files, folders or patterns of one's own.
        counts: Numbers of objects a scene, equally likely.
        image_size: Side of the scenes, in pixels.
        digit_size: Side that digits are resampled to, in pixels; 28 is their own.
        n_train: Number of training scenes.
        n_test: Number of held-out scenes.
        data_seed: Decides the scenes; the same for every seed of training.

    Raises:
        InputError: If a value is out of range, or does not apply to the data set.
    """

    kind: Kind = field(default="multi-mnist", metadata=NO_OPTION)
    digits: str = "auto"
    omniglot: str = "auto"
    images: tuple[str, ...] = ()
    counts: tuple[int, ...] = (0, 1, 2)
    image_size: int = 50
    digit_size: int = 28
    n_train: int = 60_000
    n_test: int = 10_000
    data_seed: int = 0

    def __post_init__(self) -> None:
        """Check that every value is in range."""
        for name in ("image_size", "digit_size", "n_train", "n_test"):
            value = getattr(self, name)
            check_option(name, value, value >= 1, "a whole number of at least 1")
        right = bool(self.counts) and min(self.counts) >= 0
        check_option("counts", self.counts, right, "whole numbers of at least 0")
        check_option("data_seed", self.data_seed, self.data_seed >= 0, "a number of at least 0")
        if self.images and self.kind != "images":
            raise InputError(f"--images is for the experiment images, not for {self.kind}")
        for option in fields(self):
            changed = getattr(self, option.name) != option.default
            if changed and option.name in NOT_FOR[self.kind]:
                kind = "images of your own" if self.kind == "images" else self.kind
                raise InputError(f"--{option.name.replace('_', '-')} is not for {kind}")

    def load(self, split: Literal["train", "test"], images: Paths | None = None) -> LabelledScenes:
        """Return the training scenes or the held-out scenes.

        Args:
            split: Which of them.
            images: Images of one's own, in place of those that `images` names.

        Raises:
            InputError: If there are no such images.
        """
        if self.kind == "images":
            return _own_images(self.images if images is None else images, split)
        if images is not None:
            raise InputError(f"images are for the experiment images, not for {self.kind}")
        if self.kind == "omniglot":
            characters = load_omniglot(split, self.omniglot, image_size=self.image_size)
            return _uncounted(characters.images, characters.source)
        n = self.n_train if split == "train" else self.n_test
        seed = 2 * self.data_seed + (split == "test")
        if self.kind == "sprites":
            return sprites(n, seed=seed, counts=self.counts, image_size=self.image_size)
        digits = load_digits(split, self.digits)
        if self.kind == "multi-mnist-shrunk":
            size = self.image_size
            return multi_mnist_shrunk(digits, n, seed=seed, counts=self.counts, image_size=size)
        return multi_mnist(
            digits,
            n,
            seed=seed,
            counts=self.counts,
            image_size=self.image_size,
            digit_size=self.digit_size,
        )


def _own_images(given: Paths, split: str) -> LabelledScenes:
    """One's own images, every tenth held out, or the last if there are fewer than ten.

    Raises:
        InputError: If there are fewer than two.
    """
    if isinstance(given, tuple) and not given:
        raise InputError("no images given: name files, a folder or a pattern with --images")
    images = image_set(given)
    n = len(images)
    if n < 2:
        raise InputError(
            "there is 1 image to train on; there should be at least 2, as one is held out, and "
            "better thousands"
        )
    if n < FEW and split == "train":
        line = f"there are {n} images to train on; there should be thousands for a good model"
        warnings.warn(line, InputWarning, stacklevel=2)
    held_out = np.arange(n) % 10 == 9
    held_out[-1] |= n < 10
    chosen = images[held_out if split == "test" else ~held_out]
    return _uncounted(chosen, f"{n} images of your own")


def _uncounted(images: np.ndarray, source: str) -> LabelledScenes:
    """Images whose objects are not known: their counts are -1, so that none is called right."""
    n = len(images)
    return LabelledScenes(
        images=images,
        counts=np.full(n, -1),
        labels=np.full((n, 0), -1),
        boxes=np.zeros((n, 0, 4), np.float32),
        source=source,
    )


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
