"""A preset of inverse graphics: everything that decides a run, in one frozen value."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from airscene.errors import InputError
from airscene.graphics.look import LookSpread
from airscene.graphics.world import WORLDS, World
from airscene.inverse.config import InverseConfig, InverseTrainConfig, Order


@dataclass(frozen=True)
class ScenePreset:
    """A world of scenes, a model and a way to train it.

    Args:
        name: Its name, of the run folders.
        about: What it is, in a line.
        world: Name of the world.
        model: The model.
        training: How it is trained.
        repeats: Whether a scene may have two objects of one type.
        n_test: Number of held-out scenes.
        labels: For a supervised network: the order of the labels; None trains without any.
        look: How far the looks of the scenes that it is trained on are perturbed, which neither the
            network is told nor the model draws; None for nominal looks.
    """

    name: str
    about: str
    world: str
    model: InverseConfig
    training: InverseTrainConfig
    repeats: bool = True
    n_test: int = 1000
    labels: Order | None = None
    look: LookSpread | None = None

    @property
    def scenes(self) -> World:
        """What its scenes may hold."""
        return WORLDS[self.world]

    def with_seed(self, seed: int) -> "ScenePreset":
        """Return the preset with another seed."""
        return replace(self, training=replace(self.training, seed=seed))

    def config(self) -> dict[str, Any]:
        """Return what `config.json` holds: all that decides the run's result."""
        values = asdict(self)
        del values["about"]
        for name in ("labels", "look"):
            if values[name] is None:
                del values[name]
        # Through JSON, so that it equals what is read back.
        return json.loads(json.dumps(values))


def run_scene_options(folder: Path) -> dict[str, Any]:
    """Return which scenes a run was trained on, from its `config.json`: `repeats` and `look`.

    Raises:
        InputError: If the file does not say so.
    """
    file = folder / "config.json"
    try:
        values: dict[str, Any] = json.loads(file.read_text())
        look = values.get("look")
        return {"repeats": bool(values["repeats"]), "look": look and LookSpread(*look)}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not say what the run was trained on ({error})") from error
