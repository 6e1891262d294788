"""The evidence lower bound with the exact expectation over counts."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.objective.expectation import expectation


def enumerated(
    model: AIR,
    image: Float[Array, "channel height width"],
    noise: Float[Array, "steps noise"],
    log_prior: Float[Array, " counts"],
    prefix: Float[Array, ""] | float = 0.0,
    side: Float[Array, ""] | float = 0.0,
) -> Float[Array, ""]:
    """One-sample estimate of the bound, exact in the counts.

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

    Returns:
        The bound on log p(x), in nats.
    """
    run = model.unroll(image, noise, side)
    total_kl = jnp.concatenate([jnp.zeros(1), jnp.cumsum(run.kl)])
    log_q = count_log_posterior(run.presence_logits)
    return expectation(log_q, run.log_likelihoods - total_kl, log_prior, prefix)
