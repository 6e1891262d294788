"""What is measured of an image and of the scene that is inferred of it, to say what is unlike."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32

from airscene.inference.applied import Applied
from airscene.inference.chunks import in_chunks
from airscene.inference.infer import Inferred, Means, as_inferred, posterior_means
from airscene.model.air import AIR
from airscene.model.ground import quantile
from airscene.model.shapes import Image, Scalar, Squares
from airscene.model.unlike import NUMBERS, Typical, typical_of
from airscene.model.where import spatial

# Added to squares before their logarithm, in units of sigma^2: an empty image leaves nothing.
SMALL = 0.01

# With less ink than this, as a share of a white image, an image has nothing to measure.
LEAST_INK = 1e-3

_FAR = 1e9

Planes = Float[Array, "planes rows columns"]


def infer_measured(model: AIR, image: Image) -> tuple[Inferred, Float[Array, " numbers"]]:
    """Infer one scene, and measure it; `vmap` for a batch.

    Args:
        model: The model.
        image: Image, values in [0, 1].

    Returns:
        What `infer` returns; the numbers that `airscene.model.unlike.NUMBERS` names. A number that
        the image does not have, as the size of objects where there is none, is NaN.
    """
    means = posterior_means(model, image)
    inferred = as_inferred(model, means)
    there = jnp.arange(model.config.n_steps) < jnp.argmax(means.log_q)
    canvas = model.compose(means.objects.drawn, means.objects.mask, there)
    seen = Seen.of(model, spatial.pool(image), spatial.pool(image - canvas) / model.config.sigma)
    found = {**of_image(seen), **of_scene(model, seen, means, inferred)}
    return inferred, jnp.stack([found[name] for name in NUMBERS])


class Seen(NamedTuple):
    """An image and what its scene leaves of it, averaged over squares.

    Args:
        grey: The image in grey.
        ground: Its ground.
        over: What is brighter than the ground, and by how much.
        squares: The square of what is left, in units of sigma^2.
        windows: Means over windows of a typical object: of `over`, of `squares`, and of what is
            left in each channel, in units of sigma.
    """

    grey: Squares
    ground: Scalar
    over: Squares
    squares: Squares
    windows: Float[Array, "planes places across"]

    @classmethod
    def of(cls, model: AIR, image: Planes, left: Planes) -> "Seen":
        """Look at an image and at what is left of it."""
        grey, squares = image.mean(axis=0), jnp.square(left).mean(axis=0)
        # Every other square of every other row is enough to tell it.
        ground = quantile(grey[::2, ::2])
        over = jax.nn.relu(grey - ground)
        windows = in_window(model, jnp.concatenate([over[None], squares[None], left]))
        return cls(grey, ground, over, squares, windows)


def of_image(seen: Seen) -> dict[str, Scalar]:
    """Return the numbers of an image alone."""
    over, ground = seen.over, seen.ground
    ink = over.mean()
    inky = jnp.where(ink > LEAST_INK, 0.0, jnp.nan)
    beside, below = jnp.diff(seen.grey, axis=1), jnp.diff(seen.grey, axis=0)
    change = jnp.square(beside).sum() + jnp.square(below).sum()
    off = jnp.square(seen.grey - ground).sum()
    wide = 0.25 * (over[1:, 1:] + over[1:, :-1] + over[:-1, 1:] + over[:-1, :-1])
    return {
        "ground": ground,
        "noise": quantile(jnp.abs(jnp.diff(beside, axis=0))[::2, ::2], 0.3),
        "texture": log(change / jnp.maximum(off, LEAST_INK)) + inky,
        "all ink": log(ink) + inky,
        "peak": log(seen.windows[0].max()) + inky,
        "bright": log(jnp.square(over).sum() / jnp.maximum(over.sum(), LEAST_INK)) + inky,
        "stroke": log(jnp.square(wide).sum() / jnp.maximum(wide.sum(), LEAST_INK)) + inky,
    }


def of_scene(model: AIR, seen: Seen, means: Means, inferred: Inferred) -> dict[str, Scalar]:
    """Return the numbers of an image and its scene."""
    log_q, count = means.log_q, jnp.argmax(means.log_q)
    there = jnp.arange(model.config.n_steps) < count
    some = jnp.where(count > 0, 0.0, jnp.nan)
    left, ink, n = seen.windows[2:], seen.over.mean(), jnp.maximum(count, 1)
    missing, excess = (jnp.square(jax.nn.relu(x)).mean(axis=0).max() for x in (left, -left))
    kl = model.kl(means.steps.proposal, means.objects)
    x0, y0, x1, y1 = jnp.moveaxis(jnp.asarray(inferred.boxes), 1, 0)
    extent = jnp.log(jnp.maximum(jnp.maximum(x1 - x0, y1 - y0), 1.0))
    scale = means.steps.proposal.z_where[:, 0]
    return {
        "residual": jnp.log(SMALL + seen.squares.mean()),
        "patch": jnp.log(SMALL + seen.windows[1].max()),
        "missing": jnp.log(SMALL + missing),
        "excess": jnp.log(SMALL + excess),
        "kl": jnp.where(there, kl, 0.0).sum() / n + some,
        "largest kl": jnp.where(there, kl, -_FAR).max() + some,
        "smallest": jnp.where(there, extent, _FAR).min() + some,
        "largest": jnp.where(there, extent, -_FAR).max() + some,
        "smallest window": jnp.where(there, scale, _FAR).min() + some,
        "largest window": jnp.where(there, scale, -_FAR).max() + some,
        "ink": log(ink / n) + some,
        "unseen ink": jnp.where(count > 0, jnp.nan, jnp.sqrt(ink)),
        "entropy": -jnp.sum(jnp.exp(log_q) * jnp.maximum(log_q, -_FAR)),
        "count": count.astype(log_q.dtype),
    }


def log(value: Scalar) -> Scalar:
    """Return the logarithm of what may be 0."""
    return jnp.log(value + 1e-6)


def in_window(model: AIR, planes: Planes) -> Float[Array, "planes places across"]:
    """Return the means over windows of a typical object, at every other place inside the image."""
    coarse = spatial.pool(planes)
    side = model.config.object_size * min(model.config.image_shape[1:]) / spatial.POOL**2
    rows, columns = (_windows(side, n) for n in coarse.shape[1:])
    return rows @ coarse @ columns.T


def _windows(side: float, n: int) -> Float[Array, "places n"]:
    wide = min(n, max(1, round(side)))
    first, pixel = jnp.arange(n - wide + 1)[:, None], jnp.arange(n)
    return jnp.where((pixel >= first) & (pixel < first + wide), 1.0 / wide, 0.0)


def calibrate(
    model: AIR,
    images: Float32[np.ndarray, "n channel height width"],
    others: Float32[np.ndarray, "m channel height width"],
) -> Typical:
    """Find out what is typical of the images of training.

    Args:
        model: The trained model.
        images: Some of them, as `Model.prepare` returns them.
        others: Others, which tell where the score is 1.

    Raises:
        InputError: If there are too few to tell.
    """
    measure = Applied(infer_measured, model)
    found = [in_chunks(lambda x: measure(x)[1], some) for some in (images, others)]
    return typical_of(*found)
