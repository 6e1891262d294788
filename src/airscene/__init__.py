"""Understands scenes without labels: how many objects, where, what, and how to draw them again.

An implementation of Attend, Infer, Repeat (Eslami et al. 2016) in JAX.
"""

from typing import TYPE_CHECKING, Any

from airscene.errors import InputError
from airscene.scene import PosedObject, PosedScene, PosedScenes, Scene, SceneObject, Scenes

if TYPE_CHECKING:
    from airscene.inference import Model, PatchModel, SceneModel, load
    from airscene.runs.fit import fit

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Model",
    "PatchModel",
    "PosedObject",
    "PosedScene",
    "PosedScenes",
    "Scene",
    "SceneModel",
    "SceneObject",
    "Scenes",
    "fit",
    "load",
]

_MODULES = {
    "Model": "airscene.inference",
    "PatchModel": "airscene.inference",
    "SceneModel": "airscene.inference",
    "load": "airscene.inference",
    "fit": "airscene.runs.fit",
}


def __getattr__(name: str) -> Any:
    # Loaded when they are first used, as JAX takes a second to import.
    if name in _MODULES:
        import importlib

        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
