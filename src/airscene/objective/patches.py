"""What training raises on a crop: objects are proposed one by one, and kept if worth it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.patch.air import Candidate, PatchAIR
from airscene.model.patch.attend import gaussian, saliency
from airscene.model.shapes import Image, Mask, Scalar, Side

# Exponent of the saliency, and slope of the preference for one side in nats a half-width: they
# send attention to one object.
POWER, SLOPE = 3.0, 2.0

# A place that was looked at attracts less: a Gaussian of this deviation, in windows, is taken off,
# half of it where an object was accepted, as another may lie upon it.
TABOO = 0.3

# A candidate that is not worth its price learns by this share of what it would, which falls with
# what it lacks: in units of a quarter of the price.
SOFT = 0.25


class Annealing(NamedTuple):
    """What changes in the course of training.

    Args:
        price: What an object costs, in nats.
        scale_price: What the square of the standardised scale costs beyond the prior, in nats.
        freedom: How free windows are in their size, from 0 to 1.
        force: The least share by which a candidate that is not accepted learns.
    """

    price: Scalar | float
    scale_price: Scalar | float
    freedom: Scalar | float
    force: Scalar | float


class Crop(NamedTuple):
    """A crop of an image.

    Args:
        image: The crop, less its ground.
        valid: 1 where it is in the image, 0 beyond.
    """

    image: Image
    valid: Mask


class _State(NamedTuple):
    canvas: Image
    covered: Mask
    free: Mask


def unroll(
    model: PatchAIR,
    crop: Crop,
    noise: Float[Array, "steps noise"],
    side: Side,
    annealing: Annealing,
    by_expectation: bool = False,
) -> Scalar:
    """Propose objects one by one, and keep those that gain more than they cost.

        gain_i = log p(x | y_{i-1} + object_i) - log p(x | y_{i-1}) - KL(q(z_i) || p(z_i))

    Given the objects so far, `sigmoid(gain_i - price)` is the exact posterior of one more object.
    So an object is kept where the gain exceeds the price. One that is not still learns, as what is
    not kept would else never become worth it.

    By expectation all are kept, and their number is summed over, as AIR does it:

        log sum_n exp(log p(x | y_n) - sum_{i <= n} (KL_i + price))

    Args:
        model: The model.
        crop: The crop.
        noise: Standard normal numbers.
        side: The side that objects are taken from first, in radians.
        annealing: Prices, and what is still held fixed.
        by_expectation: Keep all, and sum over their number.

    Returns:
        What training raises: the log-likelihood, less what accepted objects cost, plus what others
        would gain.
    """
    image, valid = crop
    stop, window = jax.lax.stop_gradient, model.window
    contrast = model.config.calibration.contrast
    y, x = (jnp.arange(n) + 0.5 for n in valid.shape)
    across, down = (2.0 * at / len(at) - 1.0 for at in (x, y))
    preference = SLOPE * (jnp.cos(side) * across + jnp.sin(side) * down[:, None])

    nothing = jnp.zeros_like(image)

    def step(state: _State, noise: Float[Array, " noise"]):
        canvas, covered, free = state
        error = stop((image - canvas) * valid)
        there = saliency(error, contrast, window) * free
        best = jnp.argmax(POWER * jnp.log(there + 1e-6) + preference)
        first = jnp.stack([x[best % len(x)], y[best // len(x)]])
        start = stop(model.start_at(there, error, first))
        found: Candidate = model.propose(error, covered, start, noise, annealing.freedom)

        # What this object gains, given a canvas so far that is not changed for it.
        fixed = stop(canvas)
        alone = model.put(image, valid, fixed, covered, found.drawn, found.mask)
        wide = annealing.scale_price * 0.5 * jnp.square(found.z_scale)
        gain = alone.gain - found.kl - wide
        is_kept = stop((gain > annealing.price).astype(image.dtype))
        if by_expectation:
            is_kept = jnp.ones_like(is_kept)
        share = jax.nn.sigmoid((gain - annealing.price) / (SOFT * annealing.price + 1e-6))
        share = stop((1.0 - is_kept) * jnp.maximum(annealing.force, share))

        drawn, mask = is_kept * found.drawn, is_kept * found.mask
        over = model.composition.add(canvas, drawn, mask)
        under = model.composition.under(canvas, drawn, mask, covered)
        kept = jnp.where(alone.is_under > 0.0, under, over)
        covered = 1.0 - (1.0 - covered) * (1.0 - stop(mask))
        near_x, near_y = (
            gaussian(at - c, TABOO * window) for at, c in zip((x, y), first, strict=True)
        )
        free = free * (1.0 - near_y[:, None] * near_x * (1.0 - 0.5 * is_kept))
        cost = is_kept * (found.kl + wide + annealing.price)
        values = share * (gain - annealing.price) - cost
        explained = model.gain(image, valid, nothing, kept) if by_expectation else 0.0
        return _State(kept, covered, free), (values, explained)

    begin = _State(nothing, jnp.zeros_like(valid), jnp.ones_like(valid))
    state, (values, explained) = jax.lax.scan(step, begin, noise)
    if by_expectation:
        return jax.nn.logsumexp(jnp.append(explained + jnp.cumsum(values), 0.0))
    return model.gain(image, valid, nothing, state.canvas) + values.sum()
