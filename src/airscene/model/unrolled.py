"""What steps of inference are made of: one object, one step, and all steps with their bound."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.appearance import Appearance
from airscene.model.shapes import Counts
from airscene.model.where.proposal import Proposal


class InferenceStep(NamedTuple):
    """One step of inference.

    Args:
        proposal: The posterior of presence and z_where, and a sample of it.
        appearance: The object, if the next step depends on it. If not, the appearances of all
            objects are computed at once, in products N times as large.
    """

    proposal: Proposal
    appearance: Appearance | None


class Unrolled(NamedTuple):
    """One posterior sample of all N steps, as if every object were present.

    Args:
        presence_logits: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        z_where: Standardised poses.
        z_what: Appearance codes.
        kl: KL(q(z_i) || p(z_i)) of where and what of each step, in nats.
        log_ratio: log p(z_i) - log q(z_i) at the sample, in nats.
        canvases: The canvas with the first n objects, for n = 0..N.
        log_likelihoods: log p(x | z_1..n), for n = 0..N, in nats.
    """

    presence_logits: Float[Array, " steps"]
    z_where: Float[Array, "steps 3"]
    z_what: Float[Array, "steps what"]
    kl: Float[Array, " steps"]
    log_ratio: Float[Array, " steps"]
    canvases: Float[Array, "counts channel height width"]
    log_likelihoods: Counts


def kl_from_prior(
    mean: Float[Array, "*batch n"], scale: Float[Array, "*batch n"]
) -> Float[Array, "*batch"]:
    """KL(N(mean, scale^2) | N(0, I)), in nats."""
    return (0.5 * (scale**2 + mean**2 - 1.0) - jnp.log(scale)).sum(axis=-1)


def log_normal(
    z: Float[Array, "*batch n"], mean: Float[Array, "*batch n"], scale: Float[Array, "*batch n"]
) -> Float[Array, "*batch n"]:
    """Log N(z | mean, scale^2) of each number, in nats."""
    # No scale is squared by itself: the smallest would be 0 in single precision.
    return -0.5 * ((z - mean) / scale) ** 2 - jnp.log(scale) - 0.5 * math.log(2.0 * math.pi)


def log_ratio(
    mean: Float[Array, "*batch n"], scale: Float[Array, "*batch n"], z: Float[Array, "*batch n"]
) -> Float[Array, "*batch"]:
    """Log N(z | 0, I) - log N(z | mean, scale^2), in nats."""
    standard = jnp.zeros_like(z)
    return (log_normal(z, standard, standard + 1.0) - log_normal(z, mean, scale)).sum(axis=-1)
