"""How many objects: priors over the count, and the unary code of appendix B."""

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from airscene.model.config import parse_count_prior
from airscene.model.shapes import Counts

# log p(n), but for a constant, of a count, the prior's one number and the largest count. In double
# precision: the smallest rho and the largest p are 0 and 1 in single.
_PRIORS: Mapping[str, Callable[[int, float, int], float]] = {
    "geometric": lambda n, rho, n_max: n * math.log(rho),
    "binomial": lambda n, p, n_max: (
        math.log(math.comb(n_max, n)) + n * math.log(p) + (n_max - n) * math.log1p(-p)
    ),
    "poisson": lambda n, rate, n_max: n * math.log(rate) - math.lgamma(n + 1),
}


def count_log_prior(spec: str, n_max: int) -> Float[np.ndarray, "counts"]:
    """Return log p(n), n = 0..N, of a prior over counts that is cut off after N.

    Args:
        spec: `geometric(rho)`, with p(n) proportional to rho^n (the paper's, appendix C);
            `binomial(p)`, each of n_max objects there with probability p; `poisson(rate)`; or
            `table(w0, w1, ..)`, one weight above zero for each count.
        n_max: The largest count, N.

    Raises:
        InputError: If the prior is not one of these or its numbers are out of range.
    """
    name, values = parse_count_prior(spec, n_max)
    if name == "table":
        log_p = np.log(values)
    else:
        log_p = np.array([_PRIORS[name](n, values[0], n_max) for n in range(n_max + 1)])
    return (log_p - np.logaddexp.reduce(log_p)).astype(np.float32)


def count_log_posterior(presence_logits: Float[Array, " steps"]) -> Counts:
    """Return log q(n), n = 0..N, as the presences imply it: the unary code (eq. 2, appendix B).

        q(n) = prod_{i<=n} p_i * (1 - p_{n+1}),   p_i = sigmoid(logit_i),   p_{N+1} = 0

    The logits are of `q(z_pres_i = 1 | z_pres_{i-1} = 1)`, for each step.
    """
    reached = jnp.cumsum(jax.nn.log_sigmoid(presence_logits))
    ended = jax.nn.log_sigmoid(-presence_logits)
    zero = jnp.zeros(1)
    return jnp.concatenate([zero, reached]) + jnp.concatenate([ended, zero])
