"""A trained model of patches: images of any size in, `Scenes` out."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float32

from airscene.errors import InputError
from airscene.images.frame import Frame, parse_object_size
from airscene.inference.inferrer import Explain, Images, Named, SceneInferrer
from airscene.inference.patches.in_images import found_in, scene_of
from airscene.inference.patches.objects import put
from airscene.inference.patches.propose import run_together
from airscene.inference.patches.scan import PATCH, Explained, scan
from airscene.model.background import FITTED
from airscene.model.patch.air import PatchAIR
from airscene.scene import Scene, Scenes

# A drawn image is as wide and as high as this many typical objects.
DRAWN = 10

Planes = Float32[np.ndarray, "channel _ _"]


class PatchModel(SceneInferrer[PatchAIR, Scenes]):
    """A trained model of patches: it takes images of any size, with any number of objects.

    Args:
        air: The network and the generative model.
        name: What it is called in the scenes that it infers.
    """

    def __init__(self, air: PatchAIR, name: str):
        side = DRAWN * air.config.pixels
        super().__init__(air, name, (side, side), 1_000_000)
        self.background = FITTED[air.config.background]()

    def __repr__(self) -> str:
        """One line: the name, and what it takes."""
        c = self.air.config
        colour = "colour" if c.channels == 3 else "grey"
        return f"PatchModel({self.name!r}: {colour} of any size, objects of {c.object_size})"

    @property
    def frame(self) -> Frame:
        """How images are scaled."""
        c = self.air.config
        return Frame(parse_object_size(c.object_size), c.pixels, c.channels)

    def _fit(self, given: Named, resize: bool) -> list[Planes]:
        return [self.frame.scale(image, name) for name, image in given]

    def explain(self, prepared: Sequence[Planes]) -> list[tuple[Explained, np.ndarray]]:
        """Explain scaled images: the objects of each, and the numbers that tell its ground."""
        grounds = [self.background.fit(image) for image in prepared]
        less = (
            image - self.background.draw(ground, image.shape[1:])
            for image, ground in zip(prepared, grounds, strict=True)
        )
        found = run_together(self.air, (scan(self.air, image) for image in less))
        return list(zip(found, grounds, strict=True))

    def _explainer(self, given: Named, prepared: Sequence[Planes], refine: bool) -> Explain:
        found = self.explain(prepared)

        def explain(sample: int | None, key: jax.Array | None) -> list[Scene]:
            scenes = []
            for k, ((name, image), (one, ground)) in enumerate(zip(given, found, strict=True)):
                rng = None
                if key is not None:
                    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist() + [k])
                size = image.shape[:2]
                scenes.append(
                    scene_of(self.air, name, size, prepared[k].shape[1:], one, ground, sample, rng)
                )
            return scenes

        return explain

    def _scenes(self, scenes: tuple[Scene, ...]) -> Scenes:
        return Scenes(self.name, self.image_size, scenes)

    def render(self, scenes: Scenes) -> Images:
        """Draw scenes again, in front of their ground, see `SceneInferrer.render`.

        They are drawn as the model sees them: of a size at which a typical object has `pixels`.
        So all should be of one size.
        """
        drawn = [self.render_one(scene) for scene in scenes]
        if len({image.shape for image in drawn}) > 1:
            raise InputError("the scenes are of images of several sizes; render them one by one")
        return np.stack(drawn) if drawn else np.zeros((0, *self.image_size), np.float32)

    def render_one(self, scene: Scene) -> np.ndarray:
        """Draw one scene: [H, W] or [H, W, 3], in [0, 1]."""
        size = self.frame.size(scene.image_size or self.image_size)
        canvas = self._put(size, found_in(self.air, scene, size))
        ground = np.asarray(scene.ground) if scene.ground else np.zeros(len(canvas))
        if scene.ground:
            canvas = canvas + self.background.draw(ground, size)
        return _as_image(canvas)

    def _put(self, size: tuple[int, int], objects) -> np.ndarray:
        pad = PATCH * self.air.config.pixels
        canvas = np.zeros((self.air.config.channels, size[0] + 2 * pad, size[1] + 2 * pad))
        for one in objects:
            put(self.air.composition, canvas, one)
        return canvas[:, pad:-pad, pad:-pad]

    def _draw_counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.poisson(DRAWN, n)

    def _draw(self, counts: np.ndarray, rng: np.random.Generator, key: jax.Array) -> np.ndarray:
        raise InputError(f"{self.name} draws no samples yet")

    def _log_likelihoods(
        self, prepared: Sequence[Planes], particles: int, key: jax.Array
    ) -> np.ndarray:
        raise InputError(f"{self.name} estimates no log p(x) yet")


def _as_image(canvas: np.ndarray) -> np.ndarray:
    image = np.clip(canvas, 0.0, 1.0).astype(np.float32)
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, 2)
