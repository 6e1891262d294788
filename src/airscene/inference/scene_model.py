"""A trained model of 3-D scenes as its users see it: NumPy images in, `PosedScenes` out."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from scipy.special import logsumexp

from airscene.errors import check_seed, check_whole
from airscene.graphics import ABSENT, Likelihood, Renderer, SceneBatch, World
from airscene.images.load import Paths, fit_image, load_images
from airscene.images.resample import middle
from airscene.inference.checks import check_counts, check_world
from airscene.inference.chunks import padded_chunks
from airscene.inference.drawing import Drawing
from airscene.inference.pickling import packed, unpacked
from airscene.inference.scoring import score_of
from airscene.inference.worlds import to_objects, world_name
from airscene.inverse.config import InverseTrainConfig
from airscene.inverse.latents import to_scenes
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.surrogate import log_weights
from airscene.inverse.search.refine import refine as refined
from airscene.inverse.unroll import Noise, Unrolled, as_inputs, draw_noise, mode_noise, unroll
from airscene.scene import PosedScene, PosedScenes

# What training ends on unless its options `blur` and `sigma` say another.
LIKELIHOOD = InverseTrainConfig().likelihood


class SceneModel:
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
        self.air, self.world, self.name = air, world, name
        self.likelihood = likelihood
        self.drawing = Drawing(world, make)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: weights, configuration and names, and what makes the renderer."""
        return {
            "air": packed(self.air),
            "world": self.world,
            "name": self.name,
            "make": self.drawing.make,
            "likelihood": self.likelihood,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the model of what was pickled."""
        self.__init__(**{**state, "air": unpacked(state["air"])})

    def __repr__(self) -> str:
        """One line: the name, the images it draws, the largest count and the types."""
        (height, width), types = self.image_size, ", ".join(self.world.types)
        return f"SceneModel({self.name!r}: {height}x{width}, 0..{self.largest_count} of {types})"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images that are drawn, which others are brought to."""
        return self.world.image_size

    @property
    def largest_count(self) -> int:
        """The most objects that a scene can have, N."""
        return self.air.config.n_slots

    def prepare(
        self, images: Paths
    ) -> tuple[list[str], UInt8[np.ndarray, "n new_height new_width 3"]]:
        """Bring pictures of any size to what the renderer draws.

        The middle of a picture is cut out in the renderer's proportions, and resampled; grey
        becomes colour.

        Args:
            images: Arrays, Pillow images or paths, one or a list, as `load_images` takes them.

        Returns:
            Where each image came from, and the images.

        Raises:
            InputError: If an image cannot be used.
        """
        given = load_images(images)
        fitted = [
            fit_image(middle(image, self.image_size), self.image_size, 3, True, name)
            for name, image in given
        ]
        planes = np.rint(255.0 * np.stack(fitted)).astype(np.uint8)
        return [name for name, _ in given], np.ascontiguousarray(np.moveaxis(planes, 1, 3))

    def infer(
        self, images: Paths, *, refine: bool = True, samples: int = 0, seed: int = 0
    ) -> PosedScenes:
        """Infer the objects of images, and the camera where it is not fixed.

        Deterministic: the likelier of present and absent, the likeliest type, posterior means;
        then poses are searched for around those by rendering (`airscene.inverse.search.refine`).
        With `samples`, each image gives that many scenes, drawn from the posterior, not refined.

        Args:
            images: As `prepare` takes them.
            refine: Search for poses; otherwise they are the network's.
            samples: Draws from the posterior an image; 0 for the means.
            seed: Decides the draws.

        Returns:
            One scene an image, or `samples` of them.

        Raises:
            InputError: If an image cannot be used, or the renderer fails. The recurrent network
                needs none if nothing is refined.
        """
        check_whole("samples", samples, 0)
        check_seed(seed)
        sources, prepared = self.prepare(images)
        inputs, config = as_inputs(prepared, self.air.config), self.air.config
        if not samples:
            targets = prepared if refine else None
            found = self._found(inputs, lambda n: mode_noise(n, config), targets)
            return self._scenes([(*one, None) for one in zip(sources, found, strict=True)])
        drawn = []
        for sample in range(samples):
            keys = _keys(jax.random.fold_in(jax.random.key(seed), sample))
            drawn.append(self._found(inputs, lambda n, k=keys: draw_noise(next(k), n, config)))
        # All the draws of an image stand together.
        return self._scenes(
            [
                (source, drawn[sample][i], sample)
                for i, source in enumerate(sources)
                for sample in range(samples)
            ]
        )

    def _found(
        self, inputs: np.ndarray, noise: Callable[[int], Noise], targets: np.ndarray | None = None
    ) -> list:
        """The objects and the camera of each image, refined if there are targets."""
        found: list = []
        for part, n in padded_chunks(inputs):
            run = self._unroll(part, n, noise(len(part)))
            scenes = run.scenes[:n]
            if targets is not None:
                score = score_of(
                    self.drawing, targets[len(found) : len(found) + n], self.likelihood
                )
                scenes = refined(scenes, score, self.world)
            found += to_objects(scenes, run.q_present[:n], self.world)
        return found

    def _unroll(self, inputs: np.ndarray, n: int, noise: Noise) -> Unrolled:
        """Unroll a chunk of which n rows are no padding: nothing else is drawn."""

        def render(scenes: SceneBatch) -> np.ndarray:
            images = np.zeros((len(scenes), *self.image_size, 3), np.uint8)
            images[:n] = self.drawing.draw(scenes[:n])
            return images

        return unroll(self.air, inputs, render, noise)

    def _scenes(self, found: list) -> PosedScenes:
        scenes = tuple(
            PosedScene(source, *objects_camera, sample) for source, objects_camera, sample in found
        )
        return PosedScenes(self.name, world_name(self.world), self.image_size, scenes)

    def render(self, scenes: PosedScenes) -> Float32[np.ndarray, "n height width 3"]:
        """Draw scenes.

        Args:
            scenes: Scenes that this model inferred, or that were made by hand.

        Returns:
            Images, as floats in [0, 1].

        Raises:
            InputError: If the scenes are not of this model's world, or nothing can be drawn.
        """
        return self.drawing.render(scenes)

    def sample(
        self, seed: int, n: int, counts: Sequence[int] | Int[np.ndarray, "m"] = ()
    ) -> Float32[np.ndarray, "n height width 3"]:
        """Draw images from the model: from the prior, by the renderer.

        The prior knows nothing of solid objects or of the table's edge: objects may run into each
        other and stand in the air.

        Args:
            seed: Decides the draws.
            n: Number of images.
            counts: Numbers of objects, each entry equally likely; drawn from the model's prior if
                there are none.

        Returns:
            The images, as floats in [0, 1].

        Raises:
            InputError: If a count is not one that the model can draw, or nothing can be drawn.
        """
        check_whole("n", n, 0)
        check_seed(seed)
        c, most = self.air.config, self.largest_count
        check_counts(counts, most, self.name)
        rng = np.random.default_rng(seed)
        given = np.asarray(counts, int)
        drawn = rng.choice(given, n) if len(given) else rng.binomial(most, c.presence, n)
        kinds = rng.integers(c.n_types, size=(n, most))
        types = np.where(np.arange(most) < drawn[:, None], kinds, ABSENT)
        z_where, z_camera = rng.normal(size=(n, most, 3)), rng.normal(size=(n, c.n_cameras))
        return self.drawing.draw(to_scenes(types, z_where, z_camera, c)) / np.float32(255.0)

    def log_likelihood(
        self, images: Paths, particles: int = 100, *, seed: int = 0
    ) -> Float[np.ndarray, " n"]:
        """Estimate log p(x) of each image with the importance-weighted bound.

            log 1/K sum_k p(x, z_k) / q(z_k | x)

        p(x | z) is the blurred Gaussian likelihood that training ended on, normaliser included.

        Args:
            images: As `prepare` takes them.
            particles: Posterior samples an image, K; the estimate rises towards log p(x) with them.
            seed: Decides the samples.

        Returns:
            One estimate an image, in nats.

        Raises:
            InputError: If an image cannot be used, or nothing can be drawn.
        """
        check_whole("particles", particles, 1)
        check_seed(seed)
        _, targets = self.prepare(images)
        inputs, keys = as_inputs(targets, self.air.config), _keys(jax.random.key(seed))
        score, weights = score_of(self.drawing, targets, self.likelihood), []
        for which, n in padded_chunks(np.repeat(np.arange(len(targets)), particles)):
            noise = draw_noise(next(keys), len(which), self.air.config)
            run = self._unroll(inputs[which], n, noise)
            values = np.zeros(len(which), np.float32)
            values[:n] = score(run.scenes[:n], which[:n])
            found = log_weights(self.air, inputs[which], run.canvases, run.drawn, values)
            weights.append(np.asarray(found, float)[:n])
        of_images = np.concatenate(weights).reshape(-1, particles)
        return logsumexp(of_images, axis=1) - np.log(particles)


def _keys(key):
    """Keys without end, one a chunk."""
    chunk = 0
    while True:
        yield jax.random.fold_in(key, chunk)
        chunk += 1
