"""The exact expectation over counts that every bound ends with."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def expectation(
    log_q: Float[Array, " counts"],
    score: Float[Array, " counts"],
    log_prior: Float[Array, " counts"],
    prefix: Float[Array, ""] | float,
) -> Float[Array, ""]:
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
        prefix: Weight of the prefix term; 0 is the bound.

    Returns:
        The bound, in nats.
    """
    bound = jnp.sum(jnp.exp(log_q) * (score + log_prior - log_q))
    return (1.0 - prefix) * bound + prefix * jnp.mean(score[1:])
