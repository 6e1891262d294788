"""Scenes: what a model found in images, in pixels of the images given, and its JSON.

Pixel coordinates: x to the right, y down, pixel k covers [k, k + 1).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.scene.json_fields import (
    field,
    image_size,
    number,
    numbers,
    objects,
    optional_sample,
    rounded,
)
from airscene.scene.sequence import SceneSequence

Box = tuple[float, float, float, float]

_PIXEL_DECIMALS, _DECIMALS = 2, 4


@dataclass(frozen=True, eq=False, repr=False)
class SceneObject:
    """One object of a scene.

    Args:
        presence: posterior probability in [0, 1] that this object is there, given the image: of
            the k-th object q(n >= k | x), so that it never rises along the list.
        window: the attention window (x0, y0, x1, y1), in pixels.
        box: the tight box (x0, y0, x1, y1) of what the object draws, in pixels.
        what: the appearance code z_what.
    """

    presence: float
    window: Box
    box: Box
    what: Float[np.ndarray, "what"]

    def __repr__(self) -> str:
        """One line, rounded, with the length of `what` in place of its values."""
        window, box = (tuple(round(v, 1) for v in b) for b in (self.window, self.box))
        return (
            f"SceneObject(presence {self.presence:.3f}, window {window}, box {box}, "
            f"what[{len(self.what)}])"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """What was found in one image.

    Args:
        source: where the image came from, for instance `x.npz[3]`.
        count_probs: the posterior q(n|x) for n = 0..N.
        objects: the objects found, in the order of inference.
        sample: which draw from the posterior this is; None for the posterior means.
        image_size: (height, width) of the image given, in pixels, where it was resized to the
            model's size; None where it is that of `Scenes`.
    """

    source: str
    count_probs: Float[np.ndarray, "counts"]
    objects: tuple[SceneObject, ...]
    sample: int | None = None
    image_size: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.objects)

    def __repr__(self) -> str:
        """One line: the source, the count and its probabilities."""
        draw = "" if self.sample is None else f", sample {self.sample}"
        probs = " ".join(f"{p:.3f}" for p in self.count_probs)
        return f"Scene({self.source!r}{draw}, count {self.count}, count_probs {probs})"


@dataclass(frozen=True, eq=False, repr=False)
class Scenes(SceneSequence[Scene]):
    """What a model found in several images; a sequence of `Scene`.

    In JSON, pixels are rounded to 2 decimals, probabilities and `what` to 4.

    Args:
        model: the name of the model.
        image_size: (height, width) of the images that the model takes, in pixels.
        images: one scene for each image (for each draw, where several were asked for).
    """

    model: str
    image_size: tuple[int, int]
    images: tuple[Scene, ...]

    @staticmethod
    def _to_dict(scene: Scene) -> dict[str, Any]:
        optional = {"sample": scene.sample, "image_size": scene.image_size}
        return {
            "source": scene.source,
            **{name: value for name, value in optional.items() if value is not None},
            "count": scene.count,
            "count_probs": rounded(scene.count_probs, _DECIMALS),
            "objects": [
                {
                    "presence": rounded([o.presence], _DECIMALS)[0],
                    "window": rounded(o.window, _PIXEL_DECIMALS),
                    "box": rounded(o.box, _PIXEL_DECIMALS),
                    "what": rounded(o.what, _DECIMALS),
                }
                for o in scene.objects
            ],
        }

    @classmethod
    def _from_dict(cls, top: Any) -> "Scenes":
        images = field(top, "images", "scenes", list)
        if "world" in top:
            raise InputError("scenes in 3-D, as they have a 'world'; PosedScenes reads them")
        return cls(
            model=field(top, "model", "scenes", str),
            image_size=image_size(top, "scenes"),
            images=tuple(_scene_from_dict(d, f"images[{i}]") for i, d in enumerate(images)),
        )


def _scene_from_dict(data: Any, where: str) -> Scene:
    return Scene(
        source=field(data, "source", where, str),
        count_probs=np.array(numbers(data, "count_probs", where), dtype=float),
        objects=tuple(_object_from_dict(d, place) for d, place in objects(data, where)),
        sample=optional_sample(data, where),
        image_size=image_size(data, where) if "image_size" in data else None,
    )


def _object_from_dict(data: Any, where: str) -> SceneObject:
    return SceneObject(
        presence=number(data, "presence", where),
        window=_box(data, "window", where),
        box=_box(data, "box", where),
        what=np.array(numbers(data, "what", where), dtype=float),
    )


def _box(data: Any, name: str, where: str) -> Box:
    values = numbers(data, name, where)
    if len(values) != 4:
        raise InputError(f"{where}.{name} should be four numbers, [x0, y0, x1, y1]")
    x0, y0, x1, y1 = values
    return x0, y0, x1, y1
