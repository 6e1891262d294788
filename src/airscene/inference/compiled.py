"""What `Model` does with a batch, compiled."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32
from scipy.special import logsumexp

from airscene.inference.infer import Inferred, in_pixels, infer
from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.steps import best_side
from airscene.objective.bounds import log_marginal

# Posterior samples of an image that are unrolled at once.
PARTICLES = 100


@eqx.filter_jit
def infer_batch(air: AIR, images: jax.Array) -> Inferred:
    """Infer images at the posterior means."""
    return jax.vmap(infer, in_axes=(None, 0))(air, images)


@eqx.filter_jit
def draw_posterior(air: AIR, images: jax.Array, key: jax.Array) -> tuple[Inferred, jax.Array]:
    """Draw one scene an image from the posterior, and its count."""

    def one(image, key):
        noise_key, count_key = jax.random.split(key)
        noise = jax.random.normal(noise_key, (air.config.n_steps, air.n_noise))
        run = air.unroll(image, noise, best_side(air, image))
        log_q = count_log_posterior(run.presence_logits)
        boxes, windows = in_pixels(air, run.z_where, jnp.diff(run.canvases, axis=0))
        inferred = Inferred(log_q, run.z_where, run.z_what, boxes, windows)
        return inferred, jax.random.categorical(count_key, log_q)

    return jax.vmap(one)(images, jax.random.split(key, len(images)))


@eqx.filter_jit
def render_batch(air: AIR, z_where: jax.Array, z_what: jax.Array, there: jax.Array) -> jax.Array:
    """Draw scenes: the objects that are there, put together."""

    def one(z_where, z_what, there):
        return air.compose(jax.vmap(air.draw)(z_where, z_what), there)

    return jax.vmap(one)(z_where, z_what, there)


@eqx.filter_jit
def sample_batch(air: AIR, keys: jax.Array, counts: jax.Array) -> jax.Array:
    """Draw scenes from the prior."""
    return jax.vmap(air.sample)(keys, counts)


@eqx.filter_jit
def log_marginal_batch(air: AIR, images: jax.Array, key: jax.Array, particles: int) -> jax.Array:
    """Estimate log p(x) of images with this many particles each."""
    shape = (len(images), particles, air.config.n_steps, air.n_noise)
    noise = jax.random.normal(key, shape)
    return jax.vmap(log_marginal, in_axes=(None, 0, 0))(air, images, noise)


def log_marginals(
    air: AIR, images: Float32[np.ndarray, "n channel height width"], key: jax.Array, particles: int
) -> Float[jax.Array | np.ndarray, " n"]:
    """Estimate log p(x) of a chunk of images, of more than 100 particles in parts of up to 100.

        log 1/K sum_k w_k = log sum_c K_c/K exp(log 1/K_c sum_{k in c} w_k)

    Args:
        air: The model.
        images: Images, values in [0, 1].
        key: Randomness of the particles.
        particles: Posterior samples an image, K.

    Returns:
        The estimates, in nats.
    """
    if particles <= PARTICLES:
        return log_marginal_batch(air, images, key, particles)
    parts = [min(PARTICLES, particles - k) for k in range(0, particles, PARTICLES)]
    values = [
        np.asarray(log_marginal_batch(air, images, jax.random.fold_in(key, part), n), float)
        for part, n in enumerate(parts)
    ]
    shares = np.divide(parts, particles)[:, None]
    return logsumexp(values, axis=0, b=shares).astype(np.float32)
