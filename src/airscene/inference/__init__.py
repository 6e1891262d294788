"""What a trained model says of images: scenes, boxes or poses, pictures, probabilities."""

from airscene.inference.loading import load
from airscene.inference.model import Model
from airscene.inference.patches.model import PatchModel
from airscene.inference.scene_model import SceneModel

__all__ = ["Model", "PatchModel", "SceneModel", "load"]
