"""Scenes in 3-D: what a model found in images, in metres and radians, and its JSON.

World coordinates: x and y on the table, z up, as the world's MJCF file has them.
"""

import math
from dataclasses import dataclass
from typing import Any

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

# Micrometres, and angles and probabilities.
_METRE_DECIMALS, _DECIMALS = 6, 4


@dataclass(frozen=True, eq=False, repr=False)
class PosedObject:
    """One object of a scene in 3-D.

    Args:
        presence: posterior probability in [0, 1] that this object is there, given the image: the
            product of the probabilities of the steps of inference up to it, so that it never rises
            along the list.
        type: name of its type.
        position: x and y on the table, in metres.
        rotation: about the upright axis, anticlockwise from above, in radians, from -pi to pi.
    """

    presence: float
    type: str
    position: tuple[float, float]
    rotation: float

    def __repr__(self) -> str:
        """One line, rounded, with the rotation in degrees."""
        x, y = self.position
        return (
            f"PosedObject({self.type!r}, presence {self.presence:.3f}, at ({x:.3f}, {y:.3f}) m, "
            f"turned by {math.degrees(self.rotation):.0f} degrees)"
        )


@dataclass(frozen=True, eq=False, repr=False)
class PosedScene:
    """What was found in one image.

    Args:
        source: where the image came from, for instance `x.npz[3]`.
        objects: the objects found, in the order of inference.
        camera: where the camera is on its orbit: the angle from the middle, in radians; no number
            where it is fixed.
        sample: which draw from the posterior this is; None for the posterior means.
    """

    source: str
    objects: tuple[PosedObject, ...]
    camera: tuple[float, ...] = ()
    sample: int | None = None

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.objects)

    def __repr__(self) -> str:
        """One line: the source, the types of the objects, the camera in degrees."""
        draw = "" if self.sample is None else f", sample {self.sample}"
        types = ", ".join(thing.type for thing in self.objects) or "nothing"
        camera = "".join(f", camera at {math.degrees(c):.0f} degrees" for c in self.camera)
        return f"PosedScene({self.source!r}{draw}, {types}{camera})"


@dataclass(frozen=True, eq=False, repr=False)
class PosedScenes(SceneSequence[PosedScene]):
    """What a model found in several images; a sequence of `PosedScene`.

    In JSON, metres are rounded to 6 decimals, angles and probabilities to 4.

    Args:
        model: the name of the model.
        world: the name of the world, which says what types there are and how they look.
        image_size: (height, width) of the images that the world is drawn in, in pixels.
        images: one scene for each image (for each draw, where several were asked for).
    """

    model: str
    world: str
    image_size: tuple[int, int]
    images: tuple[PosedScene, ...]

    def _head(self) -> dict[str, Any]:
        return {"model": self.model, "world": self.world, "image_size": list(self.image_size)}

    @staticmethod
    def _to_dict(scene: PosedScene) -> dict[str, Any]:
        return {
            "source": scene.source,
            **({} if scene.sample is None else {"sample": scene.sample}),
            "count": scene.count,
            "objects": [
                {
                    "presence": rounded([o.presence], _DECIMALS)[0],
                    "type": o.type,
                    "position": rounded(o.position, _METRE_DECIMALS),
                    "rotation": rounded([o.rotation], _DECIMALS)[0],
                }
                for o in scene.objects
            ],
            **({"camera": rounded(scene.camera, _DECIMALS)} if scene.camera else {}),
        }

    @classmethod
    def _from_dict(cls, top: Any) -> "PosedScenes":
        images = field(top, "images", "scenes", list)
        if "world" not in top:
            raise InputError("scenes without a 'world', so in 2-D; Scenes reads them")
        return cls(
            model=field(top, "model", "scenes", str),
            world=field(top, "world", "scenes", str),
            image_size=image_size(top, "scenes"),
            images=tuple(_scene_from_dict(d, f"images[{i}]") for i, d in enumerate(images)),
        )


def _scene_from_dict(data: Any, where: str) -> PosedScene:
    return PosedScene(
        source=field(data, "source", where, str),
        objects=tuple(_object_from_dict(d, place) for d, place in objects(data, where)),
        camera=tuple(numbers(data, "camera", where)) if "camera" in data else (),
        sample=optional_sample(data, where),
    )


def _object_from_dict(data: Any, where: str) -> PosedObject:
    position = numbers(data, "position", where)
    if len(position) != 2:
        raise InputError(f"{where}.position should be two numbers, [x, y] in metres")
    presence = number(data, "presence", where)
    if not 0.0 <= presence <= 1.0:
        raise InputError(f"{where}.presence is {presence}; it should be from 0 to 1")
    return PosedObject(
        presence=presence,
        type=field(data, "type", where, str),
        position=(position[0], position[1]),
        rotation=number(data, "rotation", where),
    )
