"""What inference returns: scenes of objects, in pixels or in 3-D; JSON in and out."""

from airscene.scene.posed import PosedObject, PosedScene, PosedScenes, load_scenes
from airscene.scene.scene import Scene, SceneObject, Scenes

__all__ = [
    "PosedObject",
    "PosedScene",
    "PosedScenes",
    "Scene",
    "SceneObject",
    "Scenes",
    "load_scenes",
]
