"""What inference returns: scenes of objects, in pixels; JSON in and out."""

from airscene.scene.scene import Scene, SceneObject, Scenes

__all__ = ["Scene", "SceneObject", "Scenes"]
