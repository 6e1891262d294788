"""A preset of images or of scenes in 3-D: everything that decides a run, in one frozen value."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError
from airscene.graphics.look import LookSpread
from airscene.graphics.world import WORLDS, World
from airscene.images import LabelledScenes
from airscene.images.config import DataConfig
from airscene.images.estimates import estimate_brightness, estimate_object_size, estimate_sigma
from airscene.images.load import Paths
from airscene.images.own import OwnConfig
from airscene.inverse.config import InverseConfig, InverseTrainConfig, Order
from airscene.model.config import AIRConfig
from airscene.model.patch.config import PatchConfig
from airscene.schema import FOR_READERS, read
from airscene.training.config import PatchTrainConfig, TrainConfig

AnyPreset = TypeVar("AnyPreset", bound="Preset | ScenePreset | _PatchPreset")
Said = TypeVar("Said")


@dataclass(frozen=True)
class Preset:
    """A data set, a model and a way to train it, known to work together.

    Args:
        name: Its name on the command line.
        about: What it is, in a line.
        example: Options of a typical command line, for the help.
        data: The images.
        model: The model; `image_shape` follows from the images, and so do an `object_size`, a
            `sigma` and a `brightness` of 0.
        training: How it is trained.
        number: The recipe's number, raised when its behaviour changes: runs and rows of a lower
            one are then of another recipe.
        chosen_on: What the recipe was chosen on: "test" scenes, so that what it reaches on them may
            be a little too good, or "validation" scenes, made of training digits.
    """

    name: str
    about: str = field(metadata=FOR_READERS)
    example: str = field(metadata=FOR_READERS)
    data: DataConfig = field(default_factory=DataConfig)
    model: AIRConfig = field(default_factory=AIRConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    number: int = 1
    chosen_on: str = field(default="test", metadata=FOR_READERS)

    def override(self, **values: Any) -> "Preset":
        """Change fields of the data, the model and the training, by name.

        Args:
            values: New values, for instance `steps=500, digits="bundled"`.

        Returns:
            The changed preset.

        Raises:
            InputError: If there is no such field, or a value is out of range.
        """
        return _override(self, ("data", "model", "training"), values)

    def load(self, images: Paths | None = None) -> tuple["Preset", LabelledScenes, LabelledScenes]:
        """Load the images, and let the model follow from them.

        Args:
            images: Images of one's own, in place of those that the data's `images` names.

        Returns:
            The preset with `image_shape`, and `object_size`, `sigma` and `brightness` where they
            were 0, taken from the images; the training scenes; the held-out scenes.

        Raises:
            InputError: If there are no such images.
        """
        training, held_out = (self.data.load(split, images) for split in ("train", "test"))
        shape = channels_first(training.images).shape[1:]
        size = self.model.object_size or estimate_object_size(training.images)
        sigma = self.model.sigma or estimate_sigma(training.images[:2000])
        brightness = self.model.brightness or estimate_brightness(training.images[:2000])
        model = replace(
            self.model, image_shape=shape, object_size=size, sigma=sigma, brightness=brightness
        )
        return replace(self, model=model), training, held_out


@dataclass(frozen=True)
class _PatchPreset:
    """A model of patches and a way to train it.

    Args:
        name: Its name on the command line.
        about: What it is, in a line.
        example: Options of a typical command line, for the help.
        model: The model; what says "auto", and an object size that is empty, follows from images.
        training: How it is trained.
        number: The recipe's number, raised when its behaviour changes.
    """

    name: str
    about: str = field(metadata=FOR_READERS)
    example: str = field(metadata=FOR_READERS)
    model: PatchConfig = field(default_factory=PatchConfig)
    training: PatchTrainConfig = field(default_factory=PatchTrainConfig)
    number: int = 1

    def override(self: AnyPreset, **values: Any) -> AnyPreset:
        """Change fields of the data, the model and the training, by name.

        Args:
            values: New values, for instance `steps=200, object_size="40px"`.

        Returns:
            The changed preset.

        Raises:
            InputError: If there is no such field, or a value is out of range.
        """
        return _override(self, ("data", "model", "training"), values)


@dataclass(frozen=True)
class PatchPreset(_PatchPreset):
    """Images of one's own, a model of patches and a way to train it.

    Args:
        data: The images.
    """

    data: OwnConfig = field(default_factory=OwnConfig)


@dataclass(frozen=True)
class MaskedPreset(_PatchPreset):
    """A data set whose masks are known, a model of patches and a way to train it.

    Args:
        data: The scenes.
    """

    data: DataConfig = field(default_factory=DataConfig)


@dataclass(frozen=True)
class ScenePreset:
    """A world of scenes, a model and a way to train it.

    Args:
        name: Its name, of the run folders.
        about: What it is, in a line.
        world: What its scenes may hold; or the name of one of the paper's worlds.
        model: The model.
        training: How it is trained.
        repeats: Whether a scene may have two objects of one type.
        n_test: Number of held-out scenes.
        labels: For a supervised network: the order of the labels; None trains without any.
        look: How far the looks of training scenes are perturbed; neither the network nor the
            renderer of the model knows of it. None for nominal looks.
        number: The recipe's number, raised when its behaviour changes.
    """

    name: str
    about: str = field(metadata=FOR_READERS)
    world: World | str
    model: InverseConfig
    training: InverseTrainConfig
    repeats: bool = True
    n_test: int = 1000
    labels: Order | None = None
    look: LookSpread | None = None
    number: int = 1

    @property
    def scenes(self) -> World:
        """What its scenes may hold."""
        return WORLDS[self.world] if isinstance(self.world, str) else self.world

    def override(self, **values: Any) -> "ScenePreset":
        """Change fields of the model and the training, by name.

        Args:
            values: New values, for instance `steps=500, network="recurrent"`.

        Returns:
            The changed preset.

        Raises:
            InputError: If there is no such field, a value is out of range, or it is what follows
                from the world.
        """
        for name in ("n_types", "n_slots", "n_cameras"):
            given, right = values.get(name), getattr(self.model, name)
            if given not in (None, right):
                raise InputError(f"{name} is {given}; the scenes of {self.name} have {right}")
        return _override(self, ("model", "training"), values)


def _override(preset: AnyPreset, parts: tuple[str, ...], values: dict[str, Any]) -> AnyPreset:
    """Change fields of those fields of a preset that are frozen dataclasses themselves."""
    known = {f.name: name for name in parts for f in fields(getattr(preset, name))}
    for value in values:
        if value not in known:
            kinds = [type(getattr(preset, name)).__name__ for name in parts]
            raise InputError(
                f"no experiment has an option {value!r}; the fields of "
                f"{', '.join(kinds[:-1])} and {kinds[-1]} are options"
            )
    changed = {
        name: replace(
            getattr(preset, name), **{k: v for k, v in values.items() if known[k] == name}
        )
        for name in parts
    }
    return replace(preset, **changed)


def run_data(folder: Path) -> DataConfig:
    """Return what a run was trained on, from its `config.json`.

    Raises:
        InputError: If the file does not say so.
    """
    return _said(folder, lambda said: read(DataConfig, said["data"], said.get("schema", 1)))


def run_scene_options(folder: Path) -> dict[str, Any]:
    """Return which scenes a run was trained on, from its `config.json`: `repeats` and `look`.

    Raises:
        InputError: If the file does not say so.
    """
    return _said(folder, _scene_options)


def _scene_options(said: dict[str, Any]) -> dict[str, Any]:
    look = said.get("look")
    options = {"repeats": bool(said["repeats"]), "look": look and LookSpread(*look)}
    if look and not all(isinstance(x, (int, float)) for x in (*look[:5], *look[5])):
        raise ValueError(f"look is {look}")
    return options


def _said(folder: Path, what: Callable[[dict[str, Any]], Said]) -> Said:
    file = folder / "config.json"
    try:
        return what(json.loads(file.read_text()))
    except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not say what the run was trained on ({error})") from error


def channels_first(images: UInt8[np.ndarray, "n *shape"]) -> UInt8[np.ndarray, "n c h w"]:
    """Bring grey [n, H, W] or colour [n, H, W, 3] images to the model's layout."""
    return images[:, None] if images.ndim == 3 else np.moveaxis(images, 3, 1)
