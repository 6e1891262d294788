"""Loading a trained model, of images or of 3-D scenes."""

import json
import math
import os
import warnings
from pathlib import Path

from airscene.errors import InputError, InputWarning
from airscene.graphics import Likelihood
from airscene.inference.model import Model
from airscene.inference.patches.model import PatchModel
from airscene.inference.scene_model import LIKELIHOOD, SceneModel
from airscene.inference.worlds import read_world
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.model.bundled import bundled_models
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import PatchConfig
from airscene.model.unlike import Typical
from airscene.model.weights import UNFINISHED, load_module, load_weights, read_metadata


def load(model: str | Path) -> Model | PatchModel | SceneModel:
    """Load a model.

    Args:
        model: A run folder, a `.safetensors` file, or the name of bundled weights.

    Returns:
        The model: a `SceneModel` if the weights are of inverse graphics.

    Raises:
        InputError: If there is no such model, its file is damaged, or its world is not known.
    """
    path, names = Path(model), bundled_models()
    if os.path.isdir(path):
        file, unfinished = path / "model.safetensors", path / UNFINISHED
        if file.is_file():
            return _load(file, path.name)
        if not unfinished.is_file():
            raise InputError(
                f"the run {path} has no model.safetensors yet; finish it with --resume"
            )
        warnings.warn(
            f"the run {path} is not complete: this is what it had learnt; --resume goes on with it",
            InputWarning,
            stacklevel=2,
        )
        return _load(unfinished, path.name)
    if str(model) in names:
        return _load(names[str(model)], str(model))
    # Unlike Path's, os.path's tests take a name that is too long for a file that is not there.
    if not os.path.exists(path):
        raise InputError(
            f"there is no model {str(model)!r}: give a run folder, a .safetensors file, or one of "
            f"{', '.join(names) or 'the bundled names (there are none)'}"
        )
    return _load(path, path.stem)


def _load(file: Path, name: str) -> Model | PatchModel | SceneModel:
    metadata = read_metadata(file)
    if metadata.get("format") == PatchAIR.stored_format:
        air = load_module(file, PatchAIR, PatchConfig)
        try:
            return PatchModel(air, name, _typical(metadata.get("unlike")))
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
    if metadata.get("format") != InverseAIR.stored_format:
        air = load_weights(file)
        try:
            return Model(air, name, _typical(metadata.get("unlike")))
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
    air = load_module(file, InverseAIR, InverseConfig)
    world = metadata.get("world") or _world_of_run(file.with_name("config.json"))
    if world is None:
        raise InputError(
            f"{file} does not say of which world its scenes are; in Python, "
            "airscene.SceneModel(air, world, name) gives it one"
        )
    try:
        likelihood = _likelihood(metadata.get("likelihood"))
        known = read_world(world, metadata.get("world_files"))
        return SceneModel(air, known, name, likelihood=likelihood)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _typical(text: str | None) -> Typical | None:
    """What is typical of the images of training; older weights do not say."""
    return None if text is None else Typical.from_json(text)


def _likelihood(text: str | None) -> Likelihood:
    """What images are compared by; older weights do not say."""
    if text is None:
        return LIKELIHOOD
    try:
        blur, sigma = json.loads(text)
        if 0.0 < blur < math.inf and 0.0 < sigma < math.inf:
            return Likelihood(blur, sigma)
    except (TypeError, ValueError):
        pass
    raise InputError(f"its likelihood is {text}; it should be two numbers above 0")


def _world_of_run(file: Path) -> str | None:
    """The world that a run's configuration names: older weights do not."""
    try:
        world = json.loads(file.read_text(encoding="utf-8"))["world"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return world if isinstance(world, str) else None
