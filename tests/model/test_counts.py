"""Count priors are the distributions they are named for; the unary code gives them back."""

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.model.counts import count_log_posterior, count_log_prior

# Few sizes, as each compiles anew.
largest = st.sampled_from([1, 3])


@given(st.floats(-30, -1e-3), largest)
def test_geometric_falls_by_rho_an_object(log_rho, n_max):
    # Down to where 1 - rho is 1 in any floating point: prices of an object are of this order.
    log_p = count_log_prior(f"geometric({math.exp(log_rho)!r})", n_max)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-5)
    assert np.allclose(np.diff(log_p), log_rho, rtol=1e-4, atol=1e-4)


@given(st.floats(-20, 10), largest)
def test_binomial(logit, n_max):
    p = 1 / (1 + math.exp(-logit))
    log_p = count_log_prior(f"binomial({p!r})", n_max)
    expected = scipy.stats.binom.logpmf(np.arange(n_max + 1), n_max, p)
    assert np.allclose(log_p, expected, rtol=1e-3, atol=1e-3)


@given(st.floats(1e-6, 50), largest)
def test_poisson_is_truncated(rate, n_max):
    log_p = count_log_prior(f" poisson( {rate!r} ) ", n_max)
    expected = scipy.stats.poisson.logpmf(np.arange(n_max + 1), rate)
    expected -= scipy.special.logsumexp(expected)
    assert np.allclose(log_p, expected, rtol=1e-4, atol=1e-4)


tables = st.lists(st.floats(1e-3, 1e3), min_size=4, max_size=4)


@given(tables)
def test_table_is_normalised(weights):
    spec = f"table({', '.join(map(repr, weights))})"
    expected = np.array(weights) / sum(weights)
    assert np.allclose(np.exp(count_log_prior(spec, len(weights) - 1)), expected, atol=1e-5)


@given(tables)
def test_unary_code_multiplies_out_to_the_prior(weights):
    prior = np.array(weights) / sum(weights)
    # p(z_pres_i = 1 | z_pres_{i-1} = 1) = mu_{>=i} / mu_{>=i-1} (appendix B).
    at_least = np.cumsum(prior[::-1])[::-1]
    steps = at_least[1:] / at_least[:-1]
    log_q = count_log_posterior(jnp.log(steps) - jnp.log1p(-steps))
    assert np.allclose(np.exp(log_q), prior, atol=1e-5)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "geometric",
        "geometric()",
        "geometric(0)",
        "geometric(1)",
        "geometric(nan)",
        "geometric(0.1, 0.2)",
        "binomial(-0.1)",
        "binomial(1.0)",
        "poisson(0)",
        "poisson(inf)",
        "poisson(x)",
        "uniform(3)",
        "table(1, 1)",
        "table(1, 1, 0, 1)",
        "table(1, 1, -1, 1)",
        "table(1, 1, inf, 1)",
        "table(1, nan, 1, 1)",
        "geometric(0.1) + 1",
    ],
)
def test_bad_priors_are_one_line(spec):
    with pytest.raises(InputError, match="count prior .*: should be geometric") as caught:
        count_log_prior(spec, 3)
    assert "\n" not in str(caught.value)


@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_posterior_is_that_of_all_presence_vectors(logits):
    p = 1 / (1 + np.exp(-np.array(logits)))
    expected = np.zeros(len(p) + 1)
    for z_pres in itertools.product([0, 1], repeat=len(p)):
        # eq. 2: an object that is absent ends the scene, so no later one can be there.
        previous = (1, *z_pres[:-1])
        factors = [
            (q if z else 1 - q) if before else 1 - z
            for q, z, before in zip(p, z_pres, previous, strict=True)
        ]
        expected[sum(z_pres)] += math.prod(factors)
    log_q = np.asarray(count_log_posterior(jnp.array(logits)))
    assert np.exp(log_q).sum() == pytest.approx(1, abs=1e-5)
    assert np.allclose(np.exp(log_q), expected, atol=1e-5)


def test_posterior_keeps_the_logarithm_of_what_is_very_unlikely():
    log_q = np.asarray(count_log_posterior(jnp.array([-200.0, -200.0])))
    assert np.allclose(log_q, [0, -200, -400])
