"""The importance-weighted bound, for training and for evaluating log p(x)."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.steps import best_side
from airscene.model.unrolled import Unrolled
from airscene.objective.expectation import expectation


def _log_mean_weight(runs: Unrolled) -> Float[Array, " counts"]:
    """Log of the mean over K runs of p(x, z_1..n | n) / q(z_1..n), for each n.

    Its exponential is an unbiased estimate of p(x | n).
    """
    ratio = jnp.pad(jnp.cumsum(runs.log_ratio, axis=1), ((0, 0), (1, 0)))
    log_weights = runs.log_likelihoods + ratio
    return logsumexp(log_weights, axis=0) - jnp.log(len(log_weights))


def importance_weighted(
    model: AIR,
    image: Float[Array, "channel height width"],
    noise: Float[Array, "samples steps noise"],
    log_prior: Float[Array, " counts"],
    prefix: Float[Array, ""] | float = 0.0,
    side: Float[Array, ""] | float = 0.0,
) -> Float[Array, ""]:
    """K-sample bound that trains the posterior over counts too.

        L_K = sum_n q(n) [log 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n) + log p(n) - log q(n)]

    with q(n) the mean over the K samples of q(n | z^k). Whatever q(n) is, Jensen's inequality
    makes the sum a bound on log sum_n (..), whose expectation is a bound on log p(x), as the inner
    means are unbiased estimates of p(x | n). K = 1 gives `enumerated`, with sampled instead of
    analytic KL. (For a fixed dimension: Burda et al., Importance weighted autoencoders, 2016.)

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: Standard normal numbers, K samples of one row a step.
        log_prior: log p(n); training raises the price of an object for a while.
        prefix: Weight of the prefix term, see `expectation`; 0 is the bound.
        side: The side that objects are taken from first, see `WhereProposal.begin`.

    Returns:
        The bound on log p(x), in nats.
    """
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    log_qs = jax.vmap(count_log_posterior)(runs.presence_logits)
    log_q = logsumexp(log_qs, axis=0) - jnp.log(len(log_qs))
    return expectation(log_q, _log_mean_weight(runs), log_prior, prefix)


def log_marginal(
    model: AIR,
    image: Float[Array, "channel height width"],
    noise: Float[Array, "samples steps noise"],
) -> Float[Array, ""]:
    """K-sample importance-weighted estimate of log p(x), exact in the counts.

        log sum_n p(n) 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n)

    A lower bound in expectation, tighter with K. The posterior over counts cancels.

    Args:
        model: The model.
        image: Image, values in [0, 1].
        noise: Standard normal numbers, K samples of one row a step.

    Returns:
        The estimate, in nats.
    """
    side = best_side(model, image)
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    return logsumexp(_log_mean_weight(runs) + model.log_prior())
