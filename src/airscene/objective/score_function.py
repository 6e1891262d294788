"""The paper's own estimator: counts sampled, and the likelihood ratio for their gradient."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.shapes import Counts, Image, Scalar, Side
from airscene.objective.baseline import UNIT, Baseline


def score_function(
    model: AIR,
    image: Image,
    noise: Float[Array, "steps noise"],
    uniform: Float[Array, " steps"],
    log_prior: Counts,
    prefix: Scalar | float = 0.0,
    baseline: Baseline | None = None,
    side: Side = 0.0,
) -> Scalar:
    """One-sample estimate of the bound, in the counts too (paper, section 2.2 and appendix A).

        l(z, n)  = log p(x | z_1..n) + log p(n) - log q(n | z) - sum_{i<=n} KL_i
        gradient = sum_i (R_i - b_i) d log q(z_pres_i) + d [log p(x | z_1..n) - sum_{i<=n} KL_i]

    z_pres_1, z_pres_2, .. are drawn one by one until the first 0 (eq. 2), with their prior of
    appendix B. The first term is the likelihood ratio estimator for them; the second is the
    path-wise one for `z_where` and `z_what`, and the gradient in the generative model's weights.
    The expectation of both, and of the value, is that of `enumerated`: q(z_pres_i) depends on
    nothing drawn later, so that counts may be drawn after a run of all N steps.

    Departures from the letter of the paper, none of which changes an expectation: the learning
    signal R_i of a step is l(z, n) without the terms of earlier steps, which z_pres_i does not
    influence (Mnih & Gregor 2014), where the paper has l(z, n) for all; the KL of where and what
    is analytic, not sampled, as in `enumerated`; the gradient of - log q(n | z) at the sample,
    whose mean is zero, is left out; and the baseline has an analytic term, see `Baseline`. That
    all N steps are run costs no more in a batch, which waits for its longest scene.

    The prefix term does change the objective while it lasts. It is not sampled: the likelihoods of
    all prefixes give it a gradient without the counts, as for every estimator here, so that the
    objects learn even while presence does not.

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: As for `enumerated`, like `log_prior`, `prefix` and `side`.
        uniform: Uniform numbers in [0, 1): step i is present if its number is below its
            probability, and all steps before are present.
        log_prior: log p(n).
        prefix: Weight of the prefix term.
        baseline: b_i, trained by the gradient of the squared error in R_i; zero if not given.
        side: The side that objects are taken from first.

    Returns:
        The bound at the sample, in nats. Its gradient is the estimator, and in the weights of the
        baseline the descent on its squared error.
    """
    run = model.unroll(image, noise, side)
    logits = run.presence_logits
    z_pres = jnp.cumprod(uniform < jax.nn.sigmoid(logits))
    n = z_pres.sum()
    # Steps after the first 0 are not run: they have no terms.
    ran = jnp.concatenate([jnp.ones(1), z_pres[:-1]])
    log_q = ran * jax.nn.log_sigmoid(jnp.where(z_pres == 1, logits, -logits))
    at_least = jax.lax.cumlogsumexp(log_prior, reverse=True)
    log_p = ran * (jnp.where(z_pres == 1, at_least[1:], log_prior[:-1]) - at_least[:-1])

    log_px = run.log_likelihoods[n]
    terms = log_p - log_q - z_pres * run.kl
    signal = jax.lax.stop_gradient(log_px + jax.lax.cumsum(terms, reverse=True))
    value = jax.lax.stop_gradient(log_px + terms.sum())
    expected = jnp.zeros_like(signal) if baseline is None else baseline(image, run)
    ratio = jnp.sum(jax.lax.stop_gradient(signal - expected) * log_q)
    bound = value + only_gradient(ratio + log_px - jnp.sum(z_pres * run.kl))

    score = run.log_likelihoods[1:] - jnp.cumsum(run.kl)
    error = jnp.sum(ran * jnp.square((signal - expected) / UNIT))
    return (1.0 - prefix) * bound + prefix * jnp.mean(score) - only_gradient(error)


def only_gradient(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Zero, with the gradient of x."""
    return x - jax.lax.stop_gradient(x)
