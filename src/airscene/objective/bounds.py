"""Bounds on log p(x) of one image, in nats: enumerated, importance-weighted, score-function.

Arguments that they share:
    image: Image, values in [0, 1].
    noise: Standard normal numbers, one row per step; [K, steps, noise] for K-sample bounds.
    log_prior: log p(n); early in training, minus a cost per object.
    prefix: Weight of the prefix term, see `expectation`; 0 is the bound.
    sampled_kl: Estimate the KL of where and what by the sample, as the paper does, and not
        analytically. Its expectation is the same.
    side: The side that objects are taken from first, see `WhereProposal.begin`.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.shapes import Counts, Image, Scalar, Side
from airscene.model.steps import best_side
from airscene.model.unrolled import Unrolled
from airscene.objective.baseline import UNIT, Baseline


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
        score: log p(x | z_1..n) - sum_{i<=n} KL_i (or its estimate), in nats.
        log_prior: log p(n).
        prefix: Weight of the prefix term.
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
    sampled_kl: bool = False,
) -> Scalar:
    """One-sample estimate of the bound, exact in the counts.

        L = sum_n q(n) [log p(x | z_1..n) + log p(n) - log q(n)] - sum_i q(n >= i) KL_i

    with q(n) = prod_{i<=n} p_i (1 - p_{n+1}). The paper samples n and needs the score-function
    estimator with baselines (section 2.2); here the only randomness is in the continuous latents,
    so the gradient is the path-wise one and has far less variance.
    """
    run = model.unroll(image, noise, side)
    kl = _kl(run, sampled_kl)
    total_kl = jnp.concatenate([jnp.zeros(1), jnp.cumsum(kl)])
    log_q = count_log_posterior(run.presence_logits)
    return expectation(log_q, run.log_likelihoods - total_kl, log_prior, prefix)


def _kl(run: Unrolled, sampled: bool) -> Float[Array, " steps"]:
    """KL(q(z_i) || p(z_i)) of where and what of each step, or its estimate by the sample."""
    return -run.log_ratio if sampled else run.kl


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
    """K-sample bound that trains the posterior over counts too.

        L_K = sum_n q(n) [log 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n) + log p(n) - log q(n)]

    with q(n) the mean over the K samples of q(n | z^k). Whatever q(n) is, Jensen's inequality
    makes the sum a bound on log sum_n (..), whose expectation is a bound on log p(x), as the inner
    means are unbiased estimates of p(x | n). K = 1 gives `enumerated`, with sampled instead of
    analytic KL. (For a fixed dimension: Burda et al., Importance weighted autoencoders, 2016.)
    """
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    log_qs = jax.vmap(count_log_posterior)(runs.presence_logits)
    log_q = logsumexp(log_qs, axis=0) - jnp.log(len(log_qs))
    return expectation(log_q, _log_mean_weight(runs), log_prior, prefix)


def log_marginal(model: AIR, image: Image, noise: Float[Array, "samples steps noise"]) -> Scalar:
    """K-sample importance-weighted estimate of log p(x), exact in the counts.

        log sum_n p(n) 1/K sum_k p(x, z^k_1..n | n) / q(z^k_1..n)

    A lower bound in expectation, tighter with K. The posterior over counts cancels.
    """
    side = best_side(model, image)
    runs = jax.vmap(model.unroll, in_axes=(None, 0, None))(image, noise, side)
    return logsumexp(_log_mean_weight(runs) + model.log_prior())


def score_function(
    model: AIR,
    image: Image,
    noise: Float[Array, "steps noise"],
    uniform: Float[Array, " steps"],
    log_prior: Counts,
    prefix: Scalar | float = 0.0,
    baseline: Baseline | None = None,
    side: Side = 0.0,
    sampled_kl: bool = False,
    whole_signal: bool = False,
) -> Scalar:
    """One-sample estimate of the bound, in the counts too (paper, section 2.2 and appendix A).

        l(z, n)  = log p(x | z_1..n) + log p(n) - log q(n | z) - sum_{i<=n} KL_i
        gradient = sum_i (R_i - b_i) d log q(z_pres_i) + d [log p(x | z_1..n) - sum_{i<=n} KL_i]

    z_pres_1, z_pres_2, .. are drawn one by one until the first 0 (eq. 2), with their prior of
    appendix B. The first term is the likelihood ratio estimator for them; the second is the
    path-wise one for `z_where` and `z_what`, and the gradient in the generative model's weights.
    The expectation of both, and of the value, is that of `enumerated`: q(z_pres_i) depends on
    nothing drawn later, so that counts may be drawn after a run of all N steps.

    Departures from the letter of the paper, none of which changes an expectation, and the options
    that switch them off: the learning signal R_i of a step is l(z, n) without the terms of earlier
    steps, which z_pres_i does not influence (Mnih & Gregor 2014), where the paper has l(z, n) for
    all, and the gradient of - log q(n | z) at the sample, whose mean is zero, is left out
    (`whole_signal`); the KL of where and what is analytic, as in `enumerated` (`sampled_kl`); and
    the baseline has an analytic term, see `Baseline`. That all N steps are run costs no more in a
    batch, which waits for its longest scene.

    The prefix term does change the objective while it lasts. It is not sampled: the likelihoods of
    all prefixes give it a gradient without the counts, as for every estimator here, so that the
    objects learn even while presence does not.

    Step i is present if its number in `uniform`, in [0, 1), is below its probability and all
    earlier steps are present. The `baseline` b_i is trained by the gradient of the squared error
    in R_i, and is zero if not given. With `whole_signal` every step learns from l(z, n), and the
    gradient of - log q(n | z) is kept.

    Returns:
        The bound at the sample. Its gradient is the estimator, and in the weights of the baseline
        the descent on its squared error.
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

    log_px, kl = run.log_likelihoods[n], _kl(run, sampled_kl)
    terms = log_p - log_q - z_pres * kl
    signal = jax.lax.stop_gradient(log_px + jax.lax.cumsum(terms, reverse=True))
    value = jax.lax.stop_gradient(log_px + terms.sum())
    path = log_px - jnp.sum(z_pres * kl)
    if whole_signal:
        signal, path = jnp.broadcast_to(value, signal.shape), path - log_q.sum()
    expected = jnp.zeros_like(signal) if baseline is None else baseline(image, run)
    ratio = jnp.sum(jax.lax.stop_gradient(signal - expected) * log_q)
    bound = value + only_gradient(ratio + path)

    score = run.log_likelihoods[1:] - jnp.cumsum(kl)
    error = jnp.sum(ran * jnp.square((signal - expected) / UNIT))
    return (1.0 - prefix) * bound + prefix * jnp.mean(score) - only_gradient(error)


def only_gradient(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Zero, with the gradient of x."""
    return x - jax.lax.stop_gradient(x)
