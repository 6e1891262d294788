"""A model of patches on images of one's own: what a run trains, watches and draws."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.images.crops import cut_crops
from airscene.images.load import Paths
from airscene.images.own import OwnImages
from airscene.inference.patches.model import PatchModel
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import Looked, look
from airscene.model.weights import load_module
from airscene.runs.preset import PatchPreset
from airscene.runs.stages import Stages
from airscene.runs.task import Metrics, Pictures, Task
from airscene.scene import Scenes
from airscene.training.patches import train_patches

# Side of a crop, in typical objects.
CROP = 3.5

# Held-out images that are counted while a model trains, and in the pictures.
WATCHED, SHOWN = 4, 24

# Updates at once: a signal is heeded after them.
AT_ONCE = 10


class OwnTask(Task[PatchAIR]):
    """A model of patches on images of one's own.

    Args:
        preset: The images, the model and the training.
        images: Images in place of those that the preset names.
    """

    def __init__(self, preset: PatchPreset, images: Paths | None = None):
        super().__init__(preset)
        self._images = images

    @cached_property
    def _own(self) -> OwnImages:
        return self._preset.data.load(self._images)

    @cached_property
    def _looked(self) -> Looked:
        named = [self._own.named[k] for k in self._own.split()[0]]
        return look(named, replace(self._preset.model, channels=self._own.channels))

    @property
    def preset(self) -> PatchPreset:
        """The preset, with what follows from the images."""
        return replace(self._preset, model=self._looked.config)

    @property
    def images_sha256(self) -> str:
        """SHA-256 of the training images as the model sees them."""
        digest = hashlib.sha256()
        for one in self._looked.prepared:
            digest.update(one.scaled.tobytes())
        return digest.hexdigest()

    @property
    def source(self) -> str:
        """What the images are, and what was found out about them."""
        looked, c = self._looked, self.preset.model
        heights, widths = zip(*(one.scaled.shape[1:] for one in looked.prepared), strict=True)
        size = f"{int(np.median(widths))}x{int(np.median(heights))}"
        estimated = "" if self._preset.model.object_size else ", estimated"
        colour = "colour" if c.channels == 3 else "grey"
        lines = [
            f"{len(self._own.named)} images of your own, in {colour}; scaled to about {size}",
            f"objects: about {looked.sizes.n_objects:.0f} an image, of {c.object_size}{estimated}; "
            f"their sizes are {c.sizes}, their contrasts {c.exposure}",
            f"ground: {c.background}; noise {c.calibration.noise:.3f}, contrast "
            f"{c.calibration.contrast:.3f}, sigma {c.calibration.sigma:.3f} of white",
        ]
        return "; ".join(lines)

    def initial_model(self) -> PatchAIR:
        """Make the model before training."""
        key = jax.random.key(self.training.seed)
        model = eqx.filter_jit(PatchAIR)(self.preset.model, key=key)
        return eqx.tree_at(lambda m: m.background, model, self._looked.background)

    def train(self, model: PatchAIR, **options: Any) -> PatchAIR:
        """Train on crops."""
        config = self.preset.training
        side = int(CROP * self.preset.model.pixels)
        images = [one.less for one in self._looked.prepared]
        crops = cut_crops(images, config.n_crops, side, config.seed)
        return train_patches(model, crops, config, at_once=AT_ONCE, **options)

    def load(self, weights: Path) -> PatchAIR:
        """Read the model of a complete run."""
        return load_module(weights, PatchAIR, PatchConfig)

    @cached_property
    def _held_out(self) -> list[tuple[str, np.ndarray]]:
        return [self._own.named[k] for k in self._own.split()[1]]

    def watch(self, model: PatchAIR, step: int) -> tuple[Metrics, Mapping[str, Any]]:
        """Count a few held-out images."""
        few = [image for _, image in self._held_out[:WATCHED]]
        scenes = self.inferrer(model, "training").infer(few)
        return {"mean_count": float(scenes.counts.mean())}, {}

    def scenes(self, model: PatchAIR, name: str) -> Scenes:
        """Return what the model infers of the held-out images."""
        inferrer = self.inferrer(model, name)
        found = inferrer.infer([image for _, image in self._held_out[:SHOWN]])
        named = zip(found, self._held_out, strict=False)
        return replace(found, images=tuple(replace(s, source=n) for s, (n, _) in named))

    def inferrer(self, model: PatchAIR, name: str) -> PatchModel:
        """Return the trained model as its users see it."""
        return PatchModel(model, name)

    def pictures(
        self, model: PatchAIR, stages: Stages, rows: Sequence[Mapping[str, Any]]
    ) -> Pictures:
        """Draw the pictures of the run."""
        return {}
