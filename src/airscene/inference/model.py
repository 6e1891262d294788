"""A trained model of images: NumPy images in, `Scenes` out."""

from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, Int

from airscene.images.fit import fit_image
from airscene.images.oddities import Brightness
from airscene.inference.applied import Applied
from airscene.inference.chunks import CHUNK, in_chunks
from airscene.inference.infer import (
    PARTICLES,
    Inferred,
    draw_posterior,
    infer,
    infer_counts,
    log_marginals,
    render_batch,
    sample_batch,
)
from airscene.inference.inferrer import Explain, Images, Named, SceneInferrer
from airscene.inference.measures import infer_measured
from airscene.inference.pixels import in_images, latents
from airscene.model.air import AIR
from airscene.model.ground import less_ground
from airscene.model.unlike import Typical
from airscene.scene import Scene, Scenes, Unlike


class Model(SceneInferrer[AIR, Scenes]):
    """A trained model.

    Args:
        air: The network and the generative model.
        name: What it is called in the scenes that it infers.
        typical: What is typical of the images of training, so that scenes say whether their image
            is unlike them; None if that is not known.
    """

    def __init__(self, air: AIR, name: str, typical: Typical | None = None):
        super().__init__(air, name, air.config.image_shape[1:], air.config.n_steps)
        self.typical = typical

    def __repr__(self) -> str:
        """One line: the name, the images it takes and the largest count."""
        channels, height, width = self.air.config.image_shape
        colour = "colour" if channels == 3 else "grey"
        return f"Model({self.name!r}: {height}x{width} {colour}, 0..{self.largest_count})"

    def with_steps(self, n_steps: int) -> "Model":
        """Return the model with another largest count: the same weights, another number of steps.

        The difference network counts more objects than it was trained on; the recurrent one hardly
        (paper, section 3.1 and Fig. 4).

        Args:
            n_steps: The largest count, N.

        Raises:
            InputError: If N is below 1, or the model's prior over counts is a table for another N.
        """
        return Model(self.air.with_steps(n_steps), self.name, self.typical)

    def _fit(self, given: Named, resize: bool) -> np.ndarray:
        c, seen = self.air.config, Brightness()
        for name, image in given:
            seen.look(name, image)
        if not c.subtract_ground:
            seen.warn_if_offset()
        channels = c.image_shape[0]
        fitted = np.stack(
            [fit_image(x, self.image_size, channels, resize, name) for name, x in given]
        )
        return in_chunks(less_grounds, fitted) if c.subtract_ground else fitted

    @cached_property
    def _infer(self) -> Applied:
        return Applied(infer, self.air)

    @cached_property
    def _measure(self) -> Applied:
        return Applied(infer_measured, self.air)

    @cached_property
    def _count(self) -> Applied:
        return Applied(infer_counts, self.air)

    def infer_arrays(self, prepared: Float32[np.ndarray, "n channel height width"]) -> Inferred:
        """Infer prepared images; the same as `infer`, as arrays."""
        return in_chunks(self._infer, prepared)

    def infer_counts(
        self, prepared: Float32[np.ndarray, "n channel height width"]
    ) -> Float32[np.ndarray, "n counts"]:
        """Return log q(n | x) of prepared images: without appearances, it takes less time."""
        return in_chunks(self._count, prepared)

    def _explainer(self, given: Named, prepared: np.ndarray, refine: bool) -> Explain:
        # Of draws too, it is told by the means.
        inferred_means, unlike = self._measured(prepared)

        def explain(sample: int | None, key: jax.Array | None) -> list[Scene]:
            if key is None:
                inferred = inferred_means or self.infer_arrays(prepared)
                counts = inferred.log_q.argmax(axis=1)
            else:
                keys = iter(jax.random.split(key, -(-len(prepared) // CHUNK)))
                inferred, counts = in_chunks(
                    lambda x: draw_posterior(self.air, x, next(keys)), prepared
                )
            return in_images(given, inferred, counts, sample, self.image_size, unlike)

        return explain

    def _measured(self, prepared: np.ndarray) -> tuple[Inferred | None, list[Unlike] | None]:
        """What is inferred, and how unlike the images of training they are; None if not known."""
        if self.typical is None or not len(prepared):
            return None, None
        inferred, found = in_chunks(self._measure, prepared)
        return inferred, self.typical.judge(found)

    def render(self, scenes: Scenes) -> Images:
        """Draw scenes again, see `SceneInferrer.render`."""
        z_where, z_what = latents(scenes, self.air, self.name)
        return self.render_arrays(z_where, z_what, scenes.counts)

    def render_arrays(
        self,
        z_where: Float32[np.ndarray, "n steps 3"],
        z_what: Float32[np.ndarray, "n steps what"],
        counts: Int[np.ndarray, " n"],
    ) -> Images:
        """Draw the first objects of scenes; the same as `render`, from arrays."""
        there = np.arange(z_where.shape[1]) < np.asarray(counts)[:, None]
        return _as_images(render_batch(self.air, z_where, z_what, there))

    def _scenes(self, scenes: tuple[Scene, ...]) -> Scenes:
        return Scenes(self.name, self.image_size, scenes)

    def _draw_counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        prior = np.exp(np.asarray(self.air.log_prior(), float))
        return rng.choice(self.largest_count + 1, n, p=prior / prior.sum())

    def _draw(self, counts: np.ndarray, rng: np.random.Generator, key: jax.Array) -> np.ndarray:
        keys = jax.random.split(key, len(counts))
        return _as_images(sample_batch(self.air, keys, jnp.asarray(counts)))

    def _log_likelihoods(self, prepared: np.ndarray, particles: int, key: jax.Array) -> np.ndarray:
        keys = iter(jax.random.split(key, len(prepared)))
        # Images per chunk, so that images x particles fits in memory.
        few = max(1, CHUNK * 4 // min(particles, PARTICLES))
        return in_chunks(lambda x: log_marginals(self.air, x, next(keys), particles), prepared, few)


less_grounds = jax.jit(jax.vmap(less_ground))


def _as_images(canvases: jax.Array) -> np.ndarray:
    """Canvases as images are given: [n, H, W] or [n, H, W, 3], from black to white."""
    images = np.clip(np.asarray(canvases), 0.0, 1.0)
    return images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, 3)
