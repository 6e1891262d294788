"""Scenes in 3-D: what a model found in images, in metres and radians, and its JSON.

World coordinates: x and y on the table, z up, as the world's MJCF file has them.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from airscene.scene import json_fields as fields
from airscene.scene.damaged import Damaged
from airscene.scene.json_fields import Kept, parse
from airscene.scene.scene import Scenes
from airscene.scene.sequence import OneScene, SceneSequence, read_file
from airscene.scene.unlike import Unlike


@dataclass(frozen=True, eq=False, repr=False)
class PosedObject(Kept):
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
    forms: ClassVar = {
        "presence": fields.number(4, unit=True),
        "type": fields.TEXT,
        "position": fields.numbers(6, ("x", "y"), " in metres"),
        "rotation": fields.number(4),
    }

    def __repr__(self) -> str:
        """One line, rounded, with the rotation in degrees."""
        x, y = self.position
        return (
            f"PosedObject({self.type!r}, presence {self.presence:.3f}, at ({x:.3f}, {y:.3f}) m, "
            f"turned by {math.degrees(self.rotation):.0f} degrees)"
        )


@dataclass(frozen=True, eq=False, repr=False)
class PosedScene(OneScene):
    """What was found in one image.

    Args:
        source: where the image came from, for instance `x.npz[3]`.
        objects: the objects found, in the order of inference.
        camera: where the camera is on its orbit: the angle from the middle, in radians; no number
            where it is fixed.
        sample: which draw from the posterior this is; None for the posterior means.
        unlike: how unlike the images of training it is; None where the model does not say.
    """

    source: str
    objects: tuple[PosedObject, ...]
    camera: tuple[float, ...] = ()
    sample: int | None = None
    unlike: Unlike | None = None
    forms: ClassVar = {
        "source": fields.TEXT,
        "sample": fields.SAMPLE,
        "count": fields.COUNT,
        "unlike": fields.part(Unlike),
        "objects": fields.objects(PosedObject),
        "camera": fields.numbers(4, optional=True),
    }

    def _found(self) -> str:
        types = ", ".join(thing.type for thing in self.objects) or "nothing"
        return types + "".join(f", camera at {math.degrees(c):.0f} degrees" for c in self.camera)


@dataclass(frozen=True, eq=False, repr=False)
class PosedScenes(SceneSequence[PosedScene]):
    """What a model found in several images; a sequence of `PosedScene`.

    In JSON, metres are rounded to 6 decimals, angles and probabilities to 4.

    Args:
        model: the name of the model.
        world: the name of the world, which says what types there are and how they look.
        image_size: (height, width) of the images that the world is drawn in, in pixels.
        images: one scene for each image (for each draw, where several were asked for).
        damaged: the images that could not be read, and so have no scene.
    """

    model: str
    world: str
    image_size: tuple[int, int]
    images: tuple[PosedScene, ...]
    damaged: tuple[Damaged, ...] = ()
    forms: ClassVar = {"model": fields.TEXT, "world": fields.TEXT, "image_size": fields.SIZE}
    scene: ClassVar = PosedScene


def load_scenes(path: str | Path) -> Scenes | PosedScenes:
    """Reads a file that `airscene infer` wrote, in 2-D or in 3-D.

    Raises:
        InputError: if the file cannot be read or does not hold scenes.
    """

    def read(text: str) -> Scenes | PosedScenes:
        top = parse(text)
        posed = isinstance(top, dict) and "world" in top
        return (PosedScenes if posed else Scenes).from_json(text)

    return read_file(path, read)
