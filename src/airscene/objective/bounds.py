"""Bounds on log p(x) of one image, exact in the counts: the paper's, and with K samples."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.shapes import Counts, Image, Scalar, Side
from airscene.model.steps import best_side
from airscene.model.unrolled import Unrolled


def expectation(log_q: Counts, score: Counts, log_prior: Counts, prefix: Scalar | float) -> Scalar:
    """Expectation of the bound over counts, and early in training the prefix term.

        L   = sum_n q(n) [score(n) + log p(n) - log q(n)]
        L_a = (1 - prefix) L + prefix * 1/N sum_{n>=1} score(n)

    `L_a` with `prefix > 0` is not a bound, and is used only while training is annealed: the first
    n objects are to explain the scene as well as n objects can, for every n, whatever the counts
    believed so far. Without it, a run can settle on steps that each keep to a region of the image,
    with an empty object wherever no digit lies in a step's region.

    Args:
        log_q: log q(n), for n = 0..N.
        score: What is gained by n objects, without the counts' own terms, in nats.
        log_prior: log p(n).
        prefix: Weight of the prefix term; 0 is the bound, in nats.
    """
    bound = jnp.sum(jnp.exp(log_q) * (score + log_prior - log_q))
    return (1.0 - prefix) * bound + prefix * jnp.mean(score[1:])


def enumerated(
    model: AIR,
    image: Image,
    noise: Float[Array, "steps noise"],
    log_prior: Counts,
    prefix: Scalar | float = 0.0,
    side: Side = 0.0,
) -> Scalar:
    """One-sample estimate of the bound on log p(x), in nats, exact in the counts.

        L = sum_n q(n) [log p(x | z_1..n) + log p(n) - log q(n)] - sum_i q(n >= i) KL_i

    with q(n) = prod_{i<=n} p_i (1 - p_{n+1}). The paper samples n and needs the score-function
    estimator with baselines (section 2.2); here the only randomness is in the continuous latents,
    so the gradient is the path-wise one and has far less variance.

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: Standard normal numbers, one row a step.
        log_prior: log p(n); training raises the price of an object for a while.
        prefix: Weight of the prefix term, see `expectation`; 0 is the bound.
        side: The side that objects are taken from first, see `WhereProposal.begin`.
    """
    run = model.unroll(image, noise, side)
    total_kl = jnp.concatenate([jnp.zeros(1), jnp.cumsum(run.kl)])
    log_q = count_log_posterior(run.presence_logits)
    return expectation(log_q, run.log_likelihoods - total_kl, log_prior, prefix)


def _log_mean_weight(runs: Unrolled) -> Counts:
    """Log of the mean over K runs of p(x, z_1..n | n) / q(z_1..n), for each n.

    Its exponential is an unbiased estimate of p(x | n).
    """
    ratio = jnp.pad(jnp.cumsum(runs.log_ratio, axis=1), ((0, 0), (1, 0)))
    log_weights = runs.log_likelihoods + ratio
    return logsumexp(log_weights, axis=0) - jnp.log(len(log_weights))


def importance_weighted(
    model: AIR,
    image: Image,
    noise: Float[Array, "samples steps noise"],
    log_prior: Counts,
    prefix: Scalar | float = 0.0,
    side: Side = 0.0,
) -> Scalar:
    """K-sample bound on log p(x), in nats, that trains the posterior over counts too.

        L_K = sum_n q(n) [log 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n) + log p(n) - log q(n)]

    with q(n) the mean over the K samples of q(n | z^k). Whatever q(n) is, Jensen's inequality
    makes the sum a bound on log sum_n (..), whose expectation is a bound on log p(x), as the inner
    means are unbiased estimates of p(x | n). K = 1 gives `enumerated`, with sampled instead of
    analytic KL. (For a fixed dimension: Burda et al., Importance weighted autoencoders, 2016.)

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: Standard normal numbers, K samples of one row a step.
        log_prior: As for `enumerated`, like `prefix` and `side`.
        prefix: Weight of the prefix term.
        side: The side that objects are taken from first.
    """
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    log_qs = jax.vmap(count_log_posterior)(runs.presence_logits)
    log_q = logsumexp(log_qs, axis=0) - jnp.log(len(log_qs))
    return expectation(log_q, _log_mean_weight(runs), log_prior, prefix)


def log_marginal(model: AIR, image: Image, noise: Float[Array, "samples steps noise"]) -> Scalar:
    """K-sample importance-weighted estimate of log p(x), in nats, exact in the counts.

        log sum_n p(n) 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n)

    A lower bound in expectation, tighter with K. The posterior over counts cancels.

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: Standard normal numbers, K samples of one row a step.
    """
    side = best_side(model, image)
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    return logsumexp(_log_mean_weight(runs) + model.log_prior())
