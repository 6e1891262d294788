"""A trained model as its users see it: images in, scenes out, and back; in 2-D and in 3-D."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from numbers import Integral
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Shaped

from airscene.errors import InputError, check_seed, check_whole
from airscene.images.load import Paths, load_images
from airscene.model.stored import StoredModule, has_shape
from airscene.scene import Damaged
from airscene.scene.sequence import SceneSequence

AIRKind = TypeVar("AIRKind", bound=StoredModule)
ScenesKind = TypeVar("ScenesKind", bound=SceneSequence)

Images = Shaped[np.ndarray, "n height width"] | Shaped[np.ndarray, "n height width 3"]
Named = list[tuple[str, np.ndarray]]
# Finds one scene per image. Takes a draw's number and key, or None, None for the means.
Explain = Callable[[int | None, jax.Array | None], list]


def _given(model: object) -> dict[str, Any]:
    """Return the attributes of a model that are not made when they are first asked for."""
    kind = type(model)
    made = {name for name in dir(kind) if isinstance(getattr(kind, name), cached_property)}
    return {name: value for name, value in vars(model).items() if name not in made}


class SceneInferrer(ABC, Generic[AIRKind, ScenesKind]):
    """A trained model: `Model` is of 2-D scenes, `SceneModel` of 3-D scenes.

    Args:
        air: The network, in 2-D with the generative model.
        name: What it is called in the scenes that it infers.
        image_size: Height and width of its images, in pixels.
        largest_count: The most objects that a scene can have, N.
    """

    def __init__(self, air: AIRKind, name: str, image_size: tuple[int, int], largest_count: int):
        self.air = air
        self.name = name
        self.image_size = image_size
        self.largest_count = largest_count

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: no functions; the network as its class, configuration and weights."""
        weights = jax.tree.leaves(eqx.filter(self.air, has_shape))
        packed = type(self.air), self.air.config, tuple(map(np.asarray, weights))
        return {**_given(self), "air": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the model of what was pickled: the same weights, bit for bit."""
        kind, config, arrays = state["air"]
        like = eqx.filter_eval_shape(kind, config, key=jax.random.key(0))
        shapes, rest = eqx.partition(like, has_shape)
        weights = jax.tree.unflatten(jax.tree.structure(shapes), map(jnp.asarray, arrays))
        vars(self).update(state, air=eqx.combine(weights, rest))

    def prepare(
        self, images: Paths, resize: bool = False, damaged: list[tuple[str, str]] | None = None
    ) -> tuple[list[str], Any]:
        """Bring images to what the model takes: colour becomes grey, or grey becomes colour.

        Of a picture for a model of 3-D scenes, the middle is cut out in the renderer's proportions.

        Args:
            images: Arrays, Pillow images or paths, one or a list, as `load_images` takes them.
            resize: Bring images of another size to the model's; for 3-D that is done always.
            damaged: As `infer` takes it.

        Returns:
            Where each image came from, and the images: in 2-D float32 [n, channels, height, width]
            in [0, 1], in 3-D uint8 [n, height, width, 3]; of a model that takes any size, a list.

        Raises:
            InputError: If an image cannot be used, or is of another size and is not resized.
        """
        given, prepared = self._prepared(load_images(images, damaged=damaged), resize, damaged)
        return [name for name, _ in given], prepared

    def infer(
        self,
        images: Paths,
        *,
        resize: bool = False,
        refine: bool = True,
        samples: int = 0,
        seed: int = 0,
        damaged: list[tuple[str, str]] | None = None,
    ) -> ScenesKind:
        """Infer the objects of images, and the camera where it is not fixed.

        Deterministic: posterior means, and in 2-D the most probable count, in 3-D the likelier of
        present and absent and the likeliest type; then, in 3-D, poses are searched for around those
        by rendering (`airscene.inverse.search.refine`). With `samples`, each image gives that many
        scenes, drawn from the posterior, not refined.

        Args:
            images: As `prepare` takes them.
            resize: Bring images of another size to the model's; boxes and windows are still in
                pixels of the image given. For 3-D that is done always.
            refine: In 3-D, search for poses; otherwise they are the network's.
            samples: Draws from the posterior an image; 0 for the means.
            seed: Decides the draws.
            damaged: A list to which (source, reason) of each image is appended that cannot be used,
                while the rest goes on, as `load_images` takes it; the scenes say so too. If not
                given, the first such image raises.

        Returns:
            One scene an image, or `samples` of them.

        Raises:
            InputError: If an image cannot be used, `samples` or `seed` is out of range, or the
                renderer fails. The recurrent network needs none if nothing is refined.
        """
        check_whole("samples", samples, 0)
        check_seed(seed)
        found = []
        for part, some in enumerate(self._parts(images, damaged)):
            explain = self._explainer(*self._prepared(some, resize, damaged), refine)
            if not samples:
                found.extend(explain(None, None))
                continue
            key = jax.random.key(seed)
            here = jax.random.fold_in(key, part) if part else key
            draws = [explain(sample, jax.random.fold_in(here, sample)) for sample in range(samples)]
            # All the draws of an image stand together.
            found.extend(chain.from_iterable(zip(*draws, strict=True)))
        scenes = self._scenes(tuple(found))
        return replace(scenes, damaged=tuple(Damaged(*one) for one in damaged or ()))

    def _parts(self, images: Paths, damaged: list[tuple[str, str]] | None) -> Iterator[Named]:
        """The images, as many at once as are explained together: all of one size."""
        yield load_images(images, damaged=damaged)

    def _prepared(
        self, given: Named, resize: bool, damaged: list[tuple[str, str]] | None
    ) -> tuple[Named, Any]:
        """The images that can be used, as they were given and as the model takes them."""
        return given, self._fit(given, resize)

    @abstractmethod
    def render(self, scenes: ScenesKind) -> Images:
        """Draw scenes.

        Args:
            scenes: Scenes that this model inferred, or that were made by hand.

        Returns:
            Images, as floats in [0, 1]; in 2-D each the sum of the scene's objects.

        Raises:
            InputError: If the scenes are not of this model (in 2-D of its size, code or number of
                objects, in 3-D of its world), a window is empty, or nothing can be drawn.
        """

    def sample(
        self, seed: int, n: int, counts: Sequence[int] | Int[np.ndarray, "m"] = ()
    ) -> Images:
        """Draw images from the model: from the prior, by the decoder or by the renderer.

        The prior of 3-D scenes knows nothing of solid objects or of the table's edge: objects may
        run into each other and stand in the air.

        Args:
            seed: Decides the draws.
            n: Number of images.
            counts: Numbers of objects, each entry equally likely; drawn from the model's prior if
                there are none.

        Returns:
            The images, as floats in [0, 1].

        Raises:
            InputError: If a count is not one that the model can draw, `n` or `seed` is out of
                range, or nothing can be drawn.
        """
        check_whole("n", n, 0)
        check_seed(seed)
        for count in counts:
            if not (isinstance(count, Integral) and 0 <= int(count) <= self.largest_count):
                raise InputError(
                    f"a count is {count}; it should be a whole number, and {self.name} draws 0 to "
                    f"{self.largest_count} objects"
                )
        rng = np.random.default_rng(seed)
        given = len(counts) > 0
        drawn = rng.choice(np.asarray(counts, int), n) if given else self._draw_counts(rng, n)
        return self._draw(drawn, rng, jax.random.key(seed))

    def log_likelihood(
        self, images: Paths, particles: int = 100, *, seed: int = 0
    ) -> Float[np.ndarray, " n"]:
        """Estimate log p(x) of each image with the importance-weighted bound.

            log 1/K sum_k p(x, z_k) / q(z_k | x)

        In 3-D, p(x | z) is the blurred Gaussian likelihood that training ended on, normaliser
        included.

        Args:
            images: As `prepare` takes them.
            particles: Posterior samples an image, K; the estimate rises towards log p(x) with them.
                They are drawn in parts, so that memory does not grow with them.
            seed: Decides the samples.

        Returns:
            One estimate an image, in nats.

        Raises:
            InputError: If an image cannot be used, `particles` or `seed` is out of range, or
                nothing can be drawn.
        """
        check_whole("particles", particles, 1)
        check_seed(seed)
        return self._log_likelihoods(self.prepare(images)[1], particles, jax.random.key(seed))

    @abstractmethod
    def _fit(self, given: Named, resize: bool) -> Any:
        """Images as the model takes them."""

    @abstractmethod
    def _explainer(self, given: Named, prepared: Any, refine: bool) -> Explain:
        """What finds the scenes of images."""

    @abstractmethod
    def _scenes(self, scenes: tuple[Any, ...]) -> ScenesKind:
        """Scenes, with what they are of."""

    @abstractmethod
    def _draw_counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Numbers of objects from the prior."""

    @abstractmethod
    def _draw(self, counts: np.ndarray, rng: np.random.Generator, key: jax.Array) -> np.ndarray:
        """Images of so many objects from the prior."""

    @abstractmethod
    def _log_likelihoods(self, prepared: Any, particles: int, key: jax.Array) -> np.ndarray:
        """The estimates of log p(x)."""
