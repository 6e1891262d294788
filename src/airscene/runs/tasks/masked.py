"""A model of patches on scenes whose masks are known: it learns without them, and is measured."""

from functools import cached_property

import numpy as np

from airscene.errors import InputError
from airscene.evaluation.masked import evaluate_masked
from airscene.images.load import Paths
from airscene.images.truth import LabelledScenes
from airscene.model.patch.air import PatchAIR
from airscene.runs.preset import MaskedPreset
from airscene.runs.task import Metrics
from airscene.runs.tasks.own import OwnTask


class MaskedTask(OwnTask):
    """A model of patches on scenes whose masks are known.

    Args:
        preset: The scenes, the model and the training.
        images: None; the scenes are those of the preset.

    Raises:
        InputError: If there are images of one's own.
    """

    def __init__(self, preset: MaskedPreset, images: Paths | None = None):
        if images is not None:
            raise InputError(f"images are for the preset images, not for {preset.name}")
        super().__init__(preset)

    @cached_property
    def _scenes(self) -> LabelledScenes:
        return self._preset.data.load("train")

    @cached_property
    def _training(self) -> list[tuple[str, np.ndarray]]:
        return named(self._scenes)

    @cached_property
    def _truth(self) -> LabelledScenes:
        return self._preset.data.load("test")

    @cached_property
    def _held_out(self) -> list[tuple[str, np.ndarray]]:
        return named(self._truth)

    @cached_property
    def _channels(self) -> int:
        return 3 if self._training[0][1].ndim == 3 else 1

    @property
    def images_sha256(self) -> None:
        """None: the preset decides the images."""
        return None

    @property
    def source(self) -> str:
        """What the scenes are, and what was found out about them."""
        return f"{len(self._training)} scenes of {self._scenes.source}, {self._found_out()}"

    def evaluate(self, model: PatchAIR) -> Metrics:
        """Hold counts and masks against the truth, on all held-out scenes."""
        return evaluate_masked(self.inferrer(model, self.name), self._truth)


def named(scenes: LabelledScenes) -> list[tuple[str, np.ndarray]]:
    """Return the images of scenes, each with a name, from 0 black to 1 white."""
    return [
        (f"scene {k}", (image / 255.0).astype(np.float32)) for k, image in enumerate(scenes.images)
    ]
