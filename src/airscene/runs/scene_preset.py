"""A preset of inverse graphics: everything that decides a run, in one frozen value."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airscene.errors import InputError
from airscene.graphics.look import LookSpread
from airscene.graphics.world import WORLDS, World
from airscene.inverse.config import InverseConfig, InverseTrainConfig, Order
from airscene.runs.override import override_parts
from airscene.schema import FOR_READERS


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
        look: How far the looks of the scenes that it is trained on are perturbed, which neither the
            network is told nor the model draws; None for nominal looks.
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
        return override_parts(self, ("model", "training"), values)


def run_scene_options(folder: Path) -> dict[str, Any]:
    """Return which scenes a run was trained on, from its `config.json`: `repeats` and `look`.

    Raises:
        InputError: If the file does not say so.
    """
    file = folder / "config.json"
    try:
        values: dict[str, Any] = json.loads(file.read_text())
        look = values.get("look")
        options = {"repeats": bool(values["repeats"]), "look": look and LookSpread(*look)}
        if look and not all(isinstance(x, (int, float)) for x in (*look[:5], *look[5])):
            raise ValueError(f"look is {look}")
        return options
    except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not say what the run was trained on ({error})") from error
