"""Batches of scenes for a renderer: which object lies in each slot, where, and the camera."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int

from airscene.errors import InputError

# The type of a slot without an object.
ABSENT = -1


@dataclass(frozen=True, eq=False, repr=False)
class SceneBatch:
    """Scenes of up to N objects each, as arrays; the absent ones' poses mean nothing.

    Args:
        types: the type of the object in each slot, from 0; `ABSENT` (-1) where there is none.
        poses: x and y on the table in units of its half-width, so that the edges of the region
            where objects may be are at -1 and 1, and the rotation about the upright axis, in
            radians.
        camera: the camera's latents; of 0 numbers if it is fixed, of 1 if it is on an orbit, the
            angle in radians from its middle.
        look: how the scene looks beside that (`airscene.graphics.look` for MuJoCo); of 0 numbers
            if it looks as the renderer has it.
    """

    types: Int[np.ndarray, "n slots"]
    poses: Float[np.ndarray, "n slots 3"]
    camera: Float[np.ndarray, "n cameras"]
    look: Float[np.ndarray, "n looks"]

    @classmethod
    def of(
        cls,
        types: Int[np.ndarray, "n slots"],
        poses: Float[np.ndarray, "n slots 3"],
        camera: Float[np.ndarray, "n cameras"] | None = None,
        look: Float[np.ndarray, "n looks"] | None = None,
    ) -> "SceneBatch":
        """Scenes as 64-bit floats, with a fixed camera and nominal looks unless they are given.

        Raises:
            InputError: if the shapes do not fit or a number of a present object is not finite.
        """
        n = len(types)
        types, poses = np.asarray(types, np.int32), np.asarray(poses, np.float64)
        if types.ndim != 2 or poses.shape != (*types.shape, 3):
            raise InputError(
                f"types has the shape {types.shape} and poses {poses.shape}; they should be "
                "[scenes, slots] and [scenes, slots, 3]"
            )
        none = np.zeros((n, 0))
        camera, look = (none if x is None else np.asarray(x, np.float64) for x in (camera, look))
        for name, given in (("camera", camera), ("look", look)):
            if given.ndim != 2 or len(given) != n:
                raise InputError(f"{name} has the shape {given.shape}; it should be [{n}, numbers]")
        batch = cls(types, poses, camera, look)
        if not all(np.isfinite(numbers).all() for numbers in (poses, camera, look)):
            finite = (
                (np.isfinite(poses).all(axis=2) | ~batch.present).all(axis=1)
                & np.isfinite(camera).all(axis=1)
                & np.isfinite(look).all(axis=1)
            )
            if not finite.all():
                raise InputError(
                    f"scene {int(finite.argmin())}: a pose, the camera or the look is not finite"
                )
        return batch

    @property
    def present(self) -> Bool[np.ndarray, "n slots"]:
        """Whether each slot has an object."""
        return self.types >= 0

    def __len__(self) -> int:
        """The number of scenes."""
        return len(self.types)

    def __getitem__(self, index: slice | np.ndarray) -> "SceneBatch":
        """Some of the scenes: a slice, or an array of indices, which may repeat."""
        return SceneBatch(*(getattr(self, field.name)[index] for field in fields(self)))

    def __repr__(self) -> str:
        """One line: how many scenes, of how many slots, with a camera or not."""
        return (
            f"SceneBatch({len(self)} scenes of {self.types.shape[1]} slots, "
            f"{self.present.sum()} objects, {self.camera.shape[1]} camera numbers)"
        )


def concatenate(batches: Sequence[SceneBatch]) -> SceneBatch:
    """Batches one after the other, to be drawn in one call."""
    return SceneBatch(
        *(np.concatenate([getattr(b, field.name) for b in batches]) for field in fields(SceneBatch))
    )
