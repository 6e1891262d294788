"""Deterministic inference: posterior means, as many steps as the scenes need."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.steps import best_steps

# A pixel brighter than this belongs to the object, for its box.
INK = 0.15


class Inferred(NamedTuple):
    """What inference says of one scene. Only the first n objects mean anything.

    Args:
        log_q: log q(n | x), for n = 0..N.
        z_where: Standardised poses.
        z_what: Appearance codes.
        boxes: Tight box (x0, y0, x1, y1) of what each object draws, in pixels; where it draws
            nothing, the part of its window that is inside the image.
        windows: Attention windows (x0, y0, x1, y1), in pixels.
    """

    log_q: Float[Array, " counts"]
    z_where: Float[Array, "steps 3"]
    z_what: Float[Array, "steps what"]
    boxes: Float[Array, "steps 4"]
    windows: Float[Array, "steps 4"]


def infer(model: AIR, image: Float[Array, "channel height width"]) -> Inferred:
    """Infer one scene; `vmap` for a batch.

    Args:
        model: The model.
        image: Image, values in [0, 1].

    Returns:
        The scene, in standardised latents and in pixels.
    """
    _, log_q, steps = best_steps(model, image)
    mean = jnp.zeros((model.config.n_steps, model.config.n_what))
    objects = model.appearances(image, steps, mean)
    z_where = steps.proposal.z_where
    return Inferred(log_q, z_where, objects.z_what, *in_pixels(model, z_where, objects.drawn))


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
