"""What `Model` does with images: deterministic inference of one, and compiled, of a batch."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32

from airscene.model.air import AIR
from airscene.model.appearance import Appearance
from airscene.model.counts import count_log_posterior
from airscene.model.shapes import Counts, Image
from airscene.model.steps import best_side, best_steps
from airscene.model.unrolled import InferenceStep
from airscene.objective.bounds import log_marginal

# A pixel brighter than this belongs to the object, for its box.
INK = 0.15

# Posterior samples of an image that are unrolled at once.
PARTICLES = 100


class Inferred(NamedTuple):
    """What inference says of one scene. Only the first n objects mean anything.

    Of NumPy's arrays, as they come out of `Model`; in compiled functions they are JAX's.

    Args:
        log_q: log q(n | x), for n = 0..N.
        z_where: Standardised poses.
        z_what: Appearance codes.
        boxes: Tight box (x0, y0, x1, y1) of what each object draws, in pixels; where it draws
            nothing, the part of its window that is inside the image.
        windows: Attention windows (x0, y0, x1, y1), in pixels.
    """

    log_q: Float[np.ndarray, " counts"]
    z_where: Float[np.ndarray, "steps 3"]
    z_what: Float[np.ndarray, "steps what"]
    boxes: Float[np.ndarray, "steps 4"]
    windows: Float[np.ndarray, "steps 4"]


# A program that is kept on disk names what it returns.
jax.export.register_namedtuple_serialization(Inferred, serialized_name="airscene.Inferred")


def infer(model: AIR, image: Float[Array, "channel height width"]) -> Inferred:
    """Infer one scene; `vmap` for a batch.

    Args:
        model: The model.
        image: Image, values in [0, 1].

    Returns:
        The scene, in standardised latents and in pixels.
    """
    return as_inferred(model, posterior_means(model, image))


class Means(NamedTuple):
    """The deterministic inference of one scene.

    Args:
        log_q: log q(n | x), for n = 0..N.
        steps: The steps, at the means.
        objects: The objects of all steps, at the means.
    """

    log_q: Counts
    steps: InferenceStep
    objects: Appearance


def posterior_means(model: AIR, image: Image) -> Means:
    """Infer one scene at the posterior means."""
    _, log_q, steps = best_steps(model, image)
    mean = jnp.zeros((model.config.n_steps, model.config.n_what))
    return Means(log_q, steps, model.appearances(image, steps, mean))


def as_inferred(model: AIR, means: Means) -> Inferred:
    """Return what is inferred, in pixels too."""
    log_q, steps, objects = means
    z_where = steps.proposal.z_where
    in_image = in_pixels(model, z_where, objects.drawn)
    return Inferred._make((log_q, z_where, objects.z_what, *in_image))


def infer_counts(model: AIR, image: Image) -> Counts:
    """Return log q(n | x), for n = 0..N; `vmap` for a batch."""
    return best_steps(model, image)[1]


def in_pixels(
    model: AIR,
    z_where: Float[Array, "steps 3"],
    objects: Float[Array, "steps channel height width"],
) -> tuple[Float[Array, "steps 4"], Float[Array, "steps 4"]]:
    """Return the boxes and the windows of objects, in pixels."""
    height, width = model.config.image_shape[1:]
    scale, centre = jax.vmap(model.pose)(z_where)
    half = scale[:, None] * min(height, width) / 2.0
    middle = (centre + 1.0) / 2.0 * jnp.array([width, height])
    windows = jnp.concatenate([middle - half, middle + half], axis=1)

    ink = jnp.max(objects, axis=1) > INK
    x0, x1 = _extent(jnp.any(ink, axis=1))
    y0, y1 = _extent(jnp.any(ink, axis=2))
    boxes = jnp.stack([x0, y0, x1, y1], axis=1).astype(windows.dtype)
    edge = jnp.array([width, height, width, height], windows.dtype)
    return jnp.where((x1 > 0)[:, None], boxes, jnp.clip(windows, 0.0, edge)), windows


def _extent(there: Array) -> tuple[Array, Array]:
    """Return the first index that is there and one past the last; (n, 0) where there is none."""
    n = there.shape[1]
    index = jnp.arange(n)
    return jnp.min(jnp.where(there, index, n), 1), jnp.max(jnp.where(there, index + 1, 0), 1)


sample_batch = eqx.filter_jit(jax.vmap(AIR.sample, in_axes=(None, 0, 0)))


@eqx.filter_jit
def draw_posterior(air: AIR, images: jax.Array, key: jax.Array) -> tuple[Inferred, Array]:
    """Draw one scene an image from the posterior, and its count."""

    def one(image, key):
        noise_key, count_key = jax.random.split(key)
        noise = jax.random.normal(noise_key, (air.config.n_steps, air.n_noise))
        run = air.unroll(image, noise, best_side(air, image))
        log_q = count_log_posterior(run.presence_logits)
        in_image = in_pixels(air, run.z_where, jax.vmap(air.draw)(run.z_where, run.z_what)[0])
        inferred = Inferred._make((log_q, run.z_where, run.z_what, *in_image))
        return inferred, jax.random.categorical(count_key, log_q)

    return jax.vmap(one)(images, jax.random.split(key, len(images)))


@eqx.filter_jit
def render_batch(
    air: AIR, z_where: Array | np.ndarray, z_what: Array | np.ndarray, there: Array | np.ndarray
) -> jax.Array:
    """Draw scenes: the objects that are there, put together."""

    def one(z_where, z_what, there):
        return air.compose(*jax.vmap(air.draw)(z_where, z_what), there)

    return jax.vmap(one)(z_where, z_what, there)


@eqx.filter_jit
def log_marginal_batch(air: AIR, images: jax.Array, key: jax.Array, particles: int) -> jax.Array:
    """Estimate log p(x) of images with this many particles each."""
    shape = (len(images), particles, air.config.n_steps, air.n_noise)
    noise = jax.random.normal(key, shape)
    return jax.vmap(log_marginal, in_axes=(None, 0, 0))(air, images, noise)


def log_marginals(
    air: AIR,
    images: Float32[np.ndarray, "n channel height width"],
    key: jax.Array,
    particles: int,
) -> Float[jax.Array | np.ndarray, " n"]:
    """Estimate log p(x) of a chunk of images, of more than 100 particles in parts of up to 100.

    log 1/K sum_k w_k = log sum_c K_c/K exp(log 1/K_c sum_{k in c} w_k)
    """
    seen = jnp.asarray(images)
    if particles <= PARTICLES:
        return log_marginal_batch(air, seen, key, particles)
    parts = [min(PARTICLES, particles - k) for k in range(0, particles, PARTICLES)]
    values = [
        np.asarray(log_marginal_batch(air, seen, jax.random.fold_in(key, part), n), float)
        for part, n in enumerate(parts)
    ]
    shares = np.divide(parts, particles)[:, None]
    return np.logaddexp.reduce(values + np.log(shares), axis=0).astype(np.float32)
