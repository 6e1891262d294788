"""Scenes: what a model found in images, in pixels of the images given, and its JSON.

Pixel coordinates: x to the right, y down, pixel k covers [k, k + 1).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from airscene.scene import json_fields as fields
from airscene.scene.damaged import Damaged
from airscene.scene.json_fields import Kept
from airscene.scene.mask import Mask
from airscene.scene.sequence import OneScene, SceneSequence
from airscene.scene.unlike import Unlike

Box = tuple[float, float, float, float]

_PIXELS = fields.numbers(2, ("x0", "y0", "x1", "y1"))


@dataclass(frozen=True, eq=False, repr=False)
class SceneObject(Kept):
    """One object of a scene.

    Args:
        presence: posterior probability in [0, 1] that this object is there, given the image: of
            the k-th object q(n >= k | x), so that it never rises along the list. Of a model of
            images of any size, given the other objects too, in no order.
        window: the attention window (x0, y0, x1, y1), in pixels.
        box: the tight box (x0, y0, x1, y1) of what the object draws, in pixels.
        what: the appearance code z_what.
        mask: the pixels that it covers; None where the model gives none.
    """

    presence: float
    window: Box
    box: Box
    what: Float[np.ndarray, "what"]
    mask: Mask | None = None
    forms: ClassVar = {
        "presence": fields.number(4),
        "window": _PIXELS,
        "box": _PIXELS,
        "what": fields.array(4),
        "mask": fields.part(Mask),
    }

    def __repr__(self) -> str:
        """One line, rounded, with the length of `what` in place of its values."""
        window, box = (tuple(round(v, 1) for v in b) for b in (self.window, self.box))
        return (
            f"SceneObject(presence {self.presence:.3f}, window {window}, box {box}, "
            f"what[{len(self.what)}])"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Scene(OneScene):
    """What was found in one image.

    Args:
        source: where the image came from, for instance `x.npz[3]`.
        count_probs: the posterior q(n|x) for n = 0..N.
        objects: the objects found, in the order of inference: where one covers another, it comes
            after it.
        sample: which draw from the posterior this is; None for the posterior means.
        image_size: (height, width) of the image given, in pixels, where it was resized to the
            model's size; None where it is that of `Scenes`.
        unlike: how unlike the images of training it is; None where the model does not say.
        ground: what is there without objects, as a model of images of any size tells it: the size
            and the contrast of the image's objects in those of a typical image's, then numbers of
            its background; none of other models.
    """

    source: str
    count_probs: Float[np.ndarray, "counts"]
    objects: tuple[SceneObject, ...]
    sample: int | None = None
    image_size: tuple[int, int] | None = None
    unlike: Unlike | None = None
    ground: tuple[float, ...] = ()
    forms: ClassVar = {
        "source": fields.TEXT,
        "sample": fields.SAMPLE,
        "image_size": fields.SIZE_IF_ANY,
        "count": fields.COUNT,
        "count_probs": fields.array(4),
        "unlike": fields.part(Unlike),
        "ground": fields.numbers(5, optional=True),
        "objects": fields.objects(SceneObject),
    }

    def _found(self) -> str:
        probs = " ".join(f"{p:.3f}" for p in self.count_probs)
        return f"count {self.count}, count_probs {probs}"


@dataclass(frozen=True, eq=False, repr=False)
class Scenes(SceneSequence[Scene]):
    """What a model found in several images; a sequence of `Scene`.

    In JSON, pixels are rounded to 2 decimals, probabilities and `what` to 4.

    Args:
        model: the name of the model.
        image_size: (height, width) of the images that the model takes, in pixels.
        images: one scene for each image (for each draw, where several were asked for).
        damaged: the images that could not be read, and so have no scene.
    """

    model: str
    image_size: tuple[int, int]
    images: tuple[Scene, ...]
    damaged: tuple[Damaged, ...] = ()
    forms: ClassVar = {"model": fields.TEXT, "image_size": fields.SIZE}
    scene: ClassVar = Scene
