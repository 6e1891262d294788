"""What a trained model says of images: scenes, boxes, pictures, probabilities."""

from airscene.inference.model import Model, load

__all__ = ["Model", "load"]
