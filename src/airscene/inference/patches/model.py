"""A trained model of patches: images of any size in, `Scenes` out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import jax
import numpy as np

from airscene.errors import InputError
from airscene.images.load import Paths, each_image
from airscene.inference.inferrer import Explain, Images, Named, SceneInferrer
from airscene.inference.patches.in_images import found_in, scene_of
from airscene.inference.patches.measures import measure
from airscene.inference.patches.objects import put
from airscene.inference.patches.propose import TOGETHER, run_together
from airscene.inference.patches.scan import PATCH, Explained, scan
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.prepare import Prepared, frame_of, prepare
from airscene.model.stored import with_config
from airscene.model.unlike import Typical
from airscene.scene import Scene, SceneObject, Scenes, Unlike

# A drawn image is as wide and as high as this many typical objects; the most objects of a scene.
DRAWN, MOST = 10, 1_000_000


class PatchModel(SceneInferrer[PatchAIR, Scenes]):
    """A trained model of patches: it takes images of any size, with any number of objects.

    Args:
        air: The network and the generative model.
        name: What it is called in the scenes that it infers.
        typical: What is typical of the images of training, so that scenes say whether their image
            is unlike them; None if that is not known.
    """

    def __init__(self, air: PatchAIR, name: str, typical: Typical | None = None):
        self.typical = typical
        side = DRAWN * air.config.pixels
        super().__init__(air, name, (side, side), MOST)

    def __repr__(self) -> str:
        """One line: the name, and what it takes."""
        c = self.air.config
        colour = "colour" if c.channels == 3 else "grey"
        return f"PatchModel({self.name!r}: {colour} of any size, objects of {c.object_size})"

    def with_prices(
        self, object_price: float | None = None, edge_price: float | None = None
    ) -> "PatchModel":
        """Return the model with other prices of an object: a lower one finds more.

        What is typical of images of training is then not known, as it is told by objects too.

        Args:
            object_price: What one more object costs, as a share of a typical object's worth; as it
                is if not given.
            edge_price: The least that it costs where the edge of the image cuts it off.

        Raises:
            InputError: If a price is no number of at least 0.
        """
        c = self.air.config
        prices = {
            "object_price": c.object_price if object_price is None else object_price,
            "edge_price": c.edge_price if edge_price is None else edge_price,
        }
        return PatchModel(with_config(self.air, replace(c, **prices)), self.name)

    def _parts(self, images: Paths, damaged: list[tuple[str, str]] | None) -> Iterator[Named]:
        each = each_image(images, damaged=damaged)
        while some := list(islice(each, TOGETHER)):
            yield some

    def _prepared(
        self, given: Named, resize: bool, damaged: list[tuple[str, str]] | None
    ) -> tuple[Named, list[Prepared]]:
        used, prepared = [], []
        for one in given:
            try:
                prepared.extend(self._fit([one], resize))
            except InputError as error:
                if damaged is None:
                    raise
                damaged.append((one[0], str(error)))
            else:
                used.append(one)
        return used, prepared

    def _fit(self, given: Named, resize: bool) -> list[Prepared]:
        air = self.air
        return [prepare(air.config, air.background, image, name) for name, image in given]

    def explain(self, prepared: Sequence[Prepared]) -> list[Explained]:
        """Explain images: what objects they have."""
        return list(run_together(self.air, (scan(self.air, one.less) for one in prepared)))

    def _explainer(self, given: Named, prepared: Sequence[Prepared], refine: bool) -> Explain:
        found = self.explain(prepared)
        unlike: list[Unlike] | list[None] = [None] * len(found)
        if self.typical and found:
            each = zip(prepared, found, strict=True)
            unlike = self.typical.judge(np.stack([measure(self.air, *one) for one in each]))

        def explain(sample: int | None, key: jax.Array | None) -> list[Scene]:
            rng = None
            if key is not None:
                rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
            return [
                replace(
                    scene_of(self.air, name, image.shape[:2], seen, one, sample, rng), unlike=judged
                )
                for (name, image), seen, one, judged in zip(
                    given, prepared, found, unlike, strict=True
                )
            ]

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
            raise InputError("the scenes are of images of several sizes; draw each with render_one")
        return np.stack(drawn) if drawn else np.zeros((0, *self.image_size), np.float32)

    def render_one(self, scene: Scene) -> np.ndarray:
        """Draw one scene: [H, W] or [H, W, 3], in [0, 1]."""
        c = self.air.config
        relative, exposure, *ground = scene.ground or (1.0, 1.0)
        size = frame_of(c).size(scene.image_size or self.image_size, relative)
        canvas = exposure * self._canvas(scene, size)
        if ground:
            canvas = canvas + self.air.background.draw(np.array(ground), size)
        return _as_image(canvas)

    def _canvas(self, scene: Scene, size: tuple[int, int]) -> np.ndarray:
        """The objects of a scene on an image of a size, less the ground."""
        pad = PATCH * self.air.config.pixels
        padded = [side + 2 * pad for side in size]
        canvas = np.zeros((self.air.config.channels, *padded), np.float32)
        for one in found_in(self.air, scene, size):
            put(self.air.composition, canvas, one)
        return canvas[:, pad:-pad, pad:-pad]

    def _draw_counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        # There is no prior over counts, only a price: as many as cover a quarter of the image.
        return rng.poisson(DRAWN**2 / 4.0, n)

    def _draw(self, counts: np.ndarray, rng: np.random.Generator, key: jax.Array) -> np.ndarray:
        c, side = self.air.config, float(self.image_size[0])
        drawn = []
        for count in counts:
            centres = rng.uniform(0.0, side, (count, 2))
            half = self.air.window * np.exp(c.scale_spread * rng.normal(size=count)) / 2.0
            codes = rng.normal(size=(count, c.n_what))
            objects = []
            for (x, y), h, code in zip(centres, half, codes, strict=True):
                window = (x - h, y - h, x + h, y + h)
                objects.append(SceneObject(1.0, window, window, code))
            scene = Scene("sample", np.ones(1), tuple(objects), image_size=None)
            canvas = self._canvas(scene, self.image_size)
            # Colours are less the ground, which is grey here.
            drawn.append(_as_image(canvas + 0.5))
        return np.stack(drawn) if drawn else np.zeros((0, *self.image_size), np.float32)

    def _log_likelihoods(
        self, prepared: Sequence[Prepared], particles: int, key: jax.Array
    ) -> np.ndarray:
        raise InputError(
            f"{self.name} counts any number of objects, for which there is no estimate of log p(x)"
        )


def _as_image(canvas: np.ndarray) -> np.ndarray:
    image = np.clip(canvas, 0.0, 1.0).astype(np.float32)
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, 2)
