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

from airscene.errors import InputError
from airscene.evaluation.figures.explained import Explained, explained_rows
from airscene.images.crops import cut_crops
from airscene.images.load import Paths
from airscene.images.own import OwnImages
from airscene.inference import PatchModel, load
from airscene.inference.patches.measures import calibrate
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.look import Looked, look
from airscene.model.unlike import Typical
from airscene.runs.preset import MaskedPreset, PatchPreset
from airscene.runs.stages import Stages
from airscene.runs.task import Metrics, Pictures, Task
from airscene.scene import Scenes, to_csv
from airscene.training.patches import train_patches

# Side of a crop, in typical objects.
CROP = 3.5

# Held-out images that are counted while a model trains, and at the end.
WATCHED, COUNTED = 4, 100

# Held-out images in the pictures, those whose counts are doubted most, and in one of them.
SHOWN, ROWS = 24, 8

# The most images that tell what is typical.
TYPICAL = 100

# Updates at once: a signal is heeded after them.
AT_ONCE = 10


class OwnTask(Task[PatchAIR]):
    """A model of patches on images of one's own.

    Args:
        preset: The images, the model and the training.
        images: Images in place of those that the preset names.
    """

    def __init__(self, preset: PatchPreset | MaskedPreset, images: Paths | None = None):
        super().__init__(preset)
        self._preset: Any = preset
        self._images = images
        self._typical: Typical | None = None
        self._found: tuple[PatchAIR, Scenes] | None = None

    @cached_property
    def _own(self) -> OwnImages:
        return self._preset.data.load(self._images)

    @cached_property
    def _training(self) -> list[tuple[str, np.ndarray]]:
        return [self._own[k] for k in self._own.split()[0]]

    @cached_property
    def _channels(self) -> int:
        return self._own.channels

    @cached_property
    def _looked(self) -> Looked:
        return look(self._training, replace(self._preset.model, channels=self._channels))

    @property
    def preset(self) -> Any:
        """The preset, with what follows from the images."""
        return replace(self._preset, model=self._looked.config)

    @property
    def images_sha256(self) -> str | None:
        """SHA-256 of the training images as the model sees them."""
        digest = hashlib.sha256()
        for one in self._looked.prepared:
            digest.update(one.scaled.tobytes())
        return digest.hexdigest()

    @property
    def source(self) -> str:
        """What the images are, and what was found out about them."""
        said = f"{len(self._own.named)} images of your own, {self._found_out()}"
        if damaged := self._own.damaged:
            n, (name, reason) = len(damaged), damaged[0]
            said = f"{said}; {n} skipped, the first {Path(name).name}: {reason}"
        return said

    def _found_out(self) -> str:
        """What was found out about the images."""
        looked, c = self._looked, self.preset.model
        heights, widths = zip(*(one.scaled.shape[1:] for one in looked.prepared), strict=True)
        size = f"{int(np.median(widths))}x{int(np.median(heights))}"
        estimated = "" if self._preset.model.object_size else ", estimated"
        colour = "colour" if c.channels == 3 else "grey"
        lines = [
            f"in {colour}; scaled to about {size}",
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
        if before := self._preset.training.from_run:
            model = _started(model, before)
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
        model = load(weights)
        assert isinstance(model, PatchModel)
        self._typical = model.typical
        return model.air

    @cached_property
    def _held_out(self) -> list[tuple[str, np.ndarray]]:
        return [self._own[k] for k in self._own.split()[1]]

    def watch(self, model: PatchAIR, step: int) -> tuple[Metrics, Mapping[str, Any]]:
        """Count a few held-out images."""
        few = [image for _, image in self._held_out[:WATCHED]]
        scenes = self.inferrer(model, "training").infer(few)
        return {"mean_count": float(scenes.counts.mean())}, {}

    def scenes(self, model: PatchAIR, name: str) -> Scenes:
        """Return what the model infers of the held-out images."""
        inferrer = self.inferrer(model, name)
        found = inferrer.infer([image for _, image in self._held_out[:COUNTED]])
        named = zip(found, self._held_out, strict=False)
        found = replace(found, images=tuple(replace(s, source=n) for s, (n, _) in named))
        self._found = model, found
        return found

    def files(self, scenes: Scenes) -> dict[str, bytes]:
        """Return a table of the counts of held-out images: `counts.csv`."""
        return {"counts.csv": to_csv(scenes).encode(errors="replace")}

    def calibrate(self, model: PatchAIR) -> dict[str, str]:
        """Return what is typical of the images of training."""
        seen = self._looked.prepared[:TYPICAL]
        typical = calibrate(model, seen, PatchModel(model, "training").explain(seen))
        if typical is None:
            return {}
        # Through JSON, so that a model says the same before and after it is loaded.
        self._typical = Typical.from_json(typical.to_json())
        return {"unlike": self._typical.to_json()}

    def inferrer(self, model: PatchAIR, name: str) -> PatchModel:
        """Return the trained model as its users see it."""
        return PatchModel(model, name, self._typical)

    def pictures(
        self, model: PatchAIR, stages: Stages, rows: Sequence[Mapping[str, Any]]
    ) -> Pictures:
        """Draw how held-out images are explained: first those whose counts are doubted most."""
        known, scenes = self._found or (None, None)
        if scenes is None or known is not model:
            scenes = self.scenes(model, self.name)
        inferrer = self.inferrer(model, self.name)
        found = [
            Explained(Path(name).name, image, scene, inferrer.render_one(scene))
            for (name, image), scene in zip(self._held_out, scenes, strict=False)
        ]
        found = sorted(found, key=lambda one: one.probability)[:SHOWN]
        pictures: Pictures = {}
        for start in range(0, len(found), ROWS):
            some = found[start : start + ROWS]
            said = "those whose counts are doubted most" if not start else "the next"
            pictures[f"explained-{start // ROWS + 1}"] = (
                f"Held-out images {start + 1} to {start + len(some)} of {len(found)}, {said}: what "
                "was found, its masks, the scene drawn again, and what is left, about grey.",
                explained_rows(some),
            )
        return pictures


def _started(model: PatchAIR, run: str) -> PatchAIR:
    """A model with the networks of another run.

    Raises:
        InputError: If that is no run of images of one's own, or its networks are of another form.
    """
    before = load(run)
    if not isinstance(before, PatchModel):
        raise InputError(f"--from is {run}; it should be a run of airscene train images")
    networks = before.air.glimpses, before.air.encoder, before.air.decoder
    shapes = [
        jax.tree.map(np.shape, eqx.filter(part, eqx.is_array))
        for part in (networks, (model.glimpses, model.encoder, model.decoder))
    ]
    if shapes[0] != shapes[1]:
        raise InputError(
            f"--from is {run}, whose networks are of another form; give the options that it was "
            "trained with, and images of as many channels"
        )
    return eqx.tree_at(lambda m: (m.glimpses, m.encoder, m.decoder), model, networks)
