"""A trained model of 3-D scenes: NumPy images in, `PosedScenes` out."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32

from airscene.graphics import ABSENT, Likelihood, Renderer, SceneBatch, World
from airscene.images.fit import fit_image
from airscene.images.resample import middle
from airscene.inference.chunks import padded_chunks
from airscene.inference.drawing import Drawing
from airscene.inference.inferrer import Explain, Named, SceneInferrer
from airscene.inference.worlds import check_world, to_objects, world_name
from airscene.inverse.config import InverseTrainConfig
from airscene.inverse.latents import to_scenes
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.surrogate import log_weights
from airscene.inverse.search.refine import refine as refined
from airscene.inverse.unroll import Noise, Unrolled, as_inputs, draw_noise, mode_noise, unroll
from airscene.scene import PosedScene, PosedScenes

# What training ends on unless its options `blur` and `sigma` say another.
LIKELIHOOD = InverseTrainConfig().likelihood


class SceneModel(SceneInferrer[InverseAIR, PosedScenes]):
    """A trained model of 3-D scenes, and the renderer that it looks through.

    `airscene.load` and `airscene.fit` make it. Where the renderer is not MuJoCo's, weights are
    given theirs by hand:

        air = airscene.load("runs/shapes").air
        model = SceneModel(air, world, "shapes", partial(FunctionRenderer, draw, (64, 64)))

    Args:
        air: The networks.
        world: What scenes may hold.
        name: What it is called in the scenes that it infers.
        make: Makes the renderer; MuJoCo's if not given.
        likelihood: What images are compared by, in refinement and for log p(x): what the training
            ended on.

    Raises:
        InputError: If the networks are not of this world.
    """

    def __init__(
        self,
        air: InverseAIR,
        world: World,
        name: str,
        make: Callable[[], Renderer] | None = None,
        likelihood: Likelihood = LIKELIHOOD,
    ):
        check_world(air.config, world, name)
        super().__init__(air, name, world.image_size, air.config.n_slots)
        self.world = world
        self.likelihood = likelihood
        self.drawing = Drawing(world, make)

    def __repr__(self) -> str:
        """One line: the name, the images it draws, the largest count and the types."""
        (height, width), types = self.image_size, ", ".join(self.world.types)
        return f"SceneModel({self.name!r}: {height}x{width}, 0..{self.largest_count} of {types})"

    def _fit(self, given: Named, resize: bool) -> np.ndarray:
        size = self.image_size
        fitted = [fit_image(middle(x, size), size, 3, True, name) for name, x in given]
        planes = np.rint(255.0 * np.stack(fitted)).astype(np.uint8)
        return np.ascontiguousarray(np.moveaxis(planes, 1, 3))

    def _explainer(self, given: Named, prepared: np.ndarray, refine: bool) -> Explain:
        config = self.air.config
        inputs = as_inputs(prepared, config)

        def explain(sample: int | None, key: jax.Array | None) -> list[PosedScene]:
            found = []
            for chunk, (part, n) in enumerate(padded_chunks(inputs)):
                if key is None:
                    noise = mode_noise(len(part), config)
                else:
                    noise = draw_noise(jax.random.fold_in(key, chunk), len(part), config)
                run = self._unroll(part, n, noise)
                scenes = run.scenes[:n]
                if refine and key is None:
                    targets = prepared[len(found) : len(found) + n]
                    score = self.drawing.score(targets, self.likelihood)
                    scenes = refined(scenes, score, self.world)
                found += to_objects(scenes, run.q_present[:n], self.world)
            return [
                PosedScene(source, objects, camera, sample)
                for (source, _), (objects, camera) in zip(given, found, strict=True)
            ]

        return explain

    def _unroll(self, inputs: np.ndarray, n: int, noise: Noise) -> Unrolled:
        """Unroll a padded chunk; render only its first n rows, the real ones."""

        def render(scenes: SceneBatch) -> np.ndarray:
            images = np.zeros((len(scenes), *self.image_size, 3), np.uint8)
            images[:n] = self.drawing.draw(scenes[:n])
            return images

        return unroll(self.air, inputs, render, noise)

    def render(self, scenes: PosedScenes) -> Float32[np.ndarray, "n height width 3"]:
        """Draw scenes, see `SceneInferrer.render`."""
        return self.drawing.render(scenes)

    def _scenes(self, scenes: tuple[PosedScene, ...]) -> PosedScenes:
        return PosedScenes(self.name, world_name(self.world), self.image_size, scenes)

    def _draw_counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.binomial(self.largest_count, self.air.config.presence, n)

    def _draw(self, counts: np.ndarray, rng: np.random.Generator, key: jax.Array) -> np.ndarray:
        c, n, most = self.air.config, len(counts), self.largest_count
        kinds = rng.integers(c.n_types, size=(n, most))
        types = np.where(np.arange(most) < counts[:, None], kinds, ABSENT)
        z_where, z_camera = rng.normal(size=(n, most, 3)), rng.normal(size=(n, c.n_cameras))
        return self.drawing.draw(to_scenes(types, z_where, z_camera, c)) / np.float32(255.0)

    def _log_likelihoods(self, prepared: np.ndarray, particles: int, key: jax.Array) -> np.ndarray:
        inputs, weights = as_inputs(prepared, self.air.config), []
        score = self.drawing.score(prepared, self.likelihood)
        images = np.repeat(np.arange(len(prepared)), particles)
        for chunk, (which, n) in enumerate(padded_chunks(images)):
            noise = draw_noise(jax.random.fold_in(key, chunk), len(which), self.air.config)
            run = self._unroll(inputs[which], n, noise)
            values = np.zeros(len(which), np.float32)
            values[:n] = score(run.scenes[:n], which[:n])
            seen, canvases, scores = map(jnp.asarray, (inputs[which], run.canvases, values))
            found = log_weights(self.air, seen, canvases, run.drawn, scores)
            weights.append(np.asarray(found, float)[:n])
        of_images = np.concatenate(weights).reshape(-1, particles)
        return np.logaddexp.reduce(of_images, axis=1) - np.log(particles)
