"""The likelihood against its closed form."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from airscene.model.likelihood import log_likelihood


@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 4, 4)])
@pytest.mark.parametrize("sigma", [0.3, 1.7])
def test_closed_form(shape, sigma):
    rng = np.random.default_rng(0)
    x, y = rng.random((2, *shape), np.float32)
    expected = -((x - y) ** 2).sum() / (2 * sigma**2)
    expected -= x.size * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    assert log_likelihood(jnp.asarray(x), jnp.asarray(y), sigma) == pytest.approx(
        expected, rel=1e-5
    )
