"""A trained model as its users see it: NumPy images in, `Scenes` out."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

from airscene.errors import check_seed, check_whole
from airscene.images.load import Paths, fit_image, load_images
from airscene.images.oddities import Brightness
from airscene.inference.checks import check_counts
from airscene.inference.chunks import CHUNK, in_chunks
from airscene.inference.compiled import (
    PARTICLES,
    draw_posterior,
    infer_batch,
    log_marginals,
    render_batch,
    sample_batch,
)
from airscene.inference.infer import Inferred
from airscene.inference.pickling import packed, unpacked
from airscene.inference.pixels import in_images, latents
from airscene.model.air import AIR
from airscene.scene import Scenes

Images = Shaped[np.ndarray, "n height width"] | Shaped[np.ndarray, "n height width 3"]


class Model:
    """A trained model.

    Args:
        air: The network and the generative model.
        name: What it is called in the scenes that it infers.
    """

    def __init__(self, air: AIR, name: str):
        self.air = air
        self.name = name

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: weights, configuration and name, no functions."""
        return {"air": packed(self.air), "name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the model of what was pickled."""
        self.__init__(unpacked(state["air"]), state["name"])

    def __repr__(self) -> str:
        """One line: the name, the images it takes and the largest count."""
        channels, height, width = self.air.config.image_shape
        colour = "colour" if channels == 3 else "grey"
        return f"Model({self.name!r}: {height}x{width} {colour}, 0..{self.air.config.n_steps})"

    def with_steps(self, n_steps: int) -> "Model":
        """Return the model with another largest count: the same weights, another number of steps.

        The difference network counts more objects than it was trained on; the recurrent one hardly
        (paper, section 3.1 and Fig. 4).

        Args:
            n_steps: The largest count, N.

        Returns:
            The model.

        Raises:
            InputError: If N is below 1, or the model's prior over counts is a table for another N.
        """
        return Model(self.air.with_steps(n_steps), self.name)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images that the model takes."""
        return self.air.config.image_shape[1:]

    @property
    def largest_count(self) -> int:
        """The most objects that a scene can have, N."""
        return self.air.config.n_steps

    def prepare(
        self, images: Paths, resize: bool = False
    ) -> tuple[list[str], Float32[np.ndarray, "n channel new_height new_width"]]:
        """Bring images to the model's size and channels: colour becomes grey, grey becomes colour.

        Args:
            images: Arrays, Pillow images or paths, one or a list, as `load_images` takes them.
            resize: Bring images of another size to the model's.

        Returns:
            Where each image came from, and the images.

        Raises:
            InputError: If an image cannot be used, or is of another size and `resize` is not set.
        """
        return self._fit(load_images(images), resize)

    def _fit(
        self, given: list[tuple[str, np.ndarray]], resize: bool
    ) -> tuple[list[str], np.ndarray]:
        channels, seen = self.air.config.image_shape[0], Brightness()
        for name, image in given:
            seen.look(name, image)
        seen.warn_if_offset()
        fitted = [fit_image(im, self.image_size, channels, resize, name) for name, im in given]
        return [name for name, _ in given], np.stack(fitted)

    def infer(
        self, images: Paths, *, resize: bool = False, samples: int = 0, seed: int = 0
    ) -> Scenes:
        """Infer the objects of images.

        Deterministic: posterior means, and the most probable count. With `samples`, each image
        gives that many scenes, drawn from the posterior.

        Args:
            images: As `prepare` takes them.
            resize: Bring images of another size to the model's; boxes and windows are still in
                pixels of the image given.
            samples: Draws from the posterior an image; 0 for the means.
            seed: Decides the draws.

        Returns:
            One scene an image, or `samples` of them.

        Raises:
            InputError: If an image cannot be used, or `samples` or `seed` is out of range.
        """
        check_whole("samples", samples, 0)
        check_seed(seed)
        given = load_images(images)
        _, prepared = self._fit(given, resize)
        if not samples:
            inferred = self.infer_arrays(prepared)
            counts = inferred.log_q.argmax(axis=1)
            return self._scenes(given, inferred, counts, [None] * len(given))
        drawn = []
        for sample in range(samples):
            key = jax.random.fold_in(jax.random.key(seed), sample)
            keys = iter(jax.random.split(key, -(-len(prepared) // CHUNK)))
            drawn.append(
                in_chunks(lambda x, keys=keys: draw_posterior(self.air, x, next(keys)), prepared)
            )
        # All the draws of an image stand together.
        order = np.argsort(np.tile(np.arange(len(given)), samples), kind="stable")
        inferred, counts = jax.tree.map(lambda *parts: np.concatenate(parts)[order], *drawn)
        return self._scenes(
            [image for image in given for _ in range(samples)],
            inferred,
            counts,
            list(range(samples)) * len(given),
        )

    def infer_arrays(self, prepared: Float32[np.ndarray, "n channel height width"]) -> Inferred:
        """Infer prepared images; the same as `infer`, as arrays."""
        return in_chunks(lambda x: infer_batch(self.air, x), prepared)

    def _scenes(
        self,
        given: list[tuple[str, np.ndarray]],
        inferred: Inferred,
        counts: np.ndarray,
        samples: list[int | None],
    ) -> Scenes:
        scenes = in_images(given, inferred, counts, samples, self.image_size)
        return Scenes(self.name, self.image_size, scenes)

    def render(self, scenes: Scenes) -> Images:
        """Draw scenes again.

        Args:
            scenes: Scenes that this model inferred, or that were made by hand.

        Returns:
            The canvases, the sum of each scene's objects, as floats in [0, 1].

        Raises:
            InputError: If the scenes are not of this model's size, code or number of objects, or
                a window is empty.
        """
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

    def sample(
        self, seed: int, n: int, counts: Sequence[int] | Int[np.ndarray, "m"] = ()
    ) -> Images:
        """Draw images from the model: from the prior, through the decoder.

        Args:
            seed: Decides the draws.
            n: Number of images.
            counts: Numbers of objects, each entry equally likely; drawn from the model's prior if
                there are none.

        Returns:
            The canvases, as floats in [0, 1].

        Raises:
            InputError: If a count is not one that the model can draw, or `n` or `seed` is out of
                range.
        """
        check_whole("n", n, 0)
        check_seed(seed)
        check_counts(counts, self.largest_count, self.name)
        most = self.largest_count
        keys = jax.random.split(jax.random.key(seed), n)
        rng = np.random.default_rng(seed)
        prior = np.exp(np.asarray(self.air.log_prior(), float))
        drawn = (
            rng.choice(np.asarray(counts), n)
            if len(counts)
            else rng.choice(most + 1, n, p=prior / prior.sum())
        )
        return _as_images(sample_batch(self.air, keys, jnp.asarray(drawn)))

    def log_likelihood(
        self, images: Paths, particles: int = 100, *, seed: int = 0
    ) -> Float[np.ndarray, " n"]:
        """Estimate log p(x) of each image with the importance-weighted bound.

        Args:
            images: As `prepare` takes them.
            particles: Posterior samples an image; the estimate rises towards log p(x) with them.
                More than 100 are drawn 100 at a time, so that memory does not grow with them.
            seed: Decides the samples.

        Returns:
            One estimate an image, in nats.

        Raises:
            InputError: If an image cannot be used, or `particles` or `seed` is out of range.
        """
        check_whole("particles", particles, 1)
        check_seed(seed)
        _, prepared = self.prepare(images)
        keys = iter(jax.random.split(jax.random.key(seed), len(prepared)))
        # A chunk of this many unrolled scenes is as much as one of images.
        few = max(1, CHUNK * 4 // min(particles, PARTICLES))
        return in_chunks(lambda x: log_marginals(self.air, x, next(keys), particles), prepared, few)


def _as_images(canvases: jax.Array) -> np.ndarray:
    """Canvases as images are given: [n, H, W] or [n, H, W, 3], from black to white."""
    images = np.clip(np.asarray(canvases), 0.0, 1.0)
    return images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, 3)
