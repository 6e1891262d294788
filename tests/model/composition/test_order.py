"""The order of objects: the model's density is exchangeable where they add up (section 2)."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from airscene.model.composition import COMPOSITIONS


@pytest.mark.parametrize("name", sorted(COMPOSITIONS))
def test_no_order_of_objects_changes_the_density(tiny, name):
    """Log p(x, z_1..n): of what covers, the order is the depth, and does."""
    model = tiny(object_size=0.9, composition=name)
    keys = jax.random.split(jax.random.key(0), 3)
    image = jax.random.uniform(keys[0], (1, 12, 12))
    z_where, z_what = (
        0.5 * jax.random.normal(key, (3, size)) for key, size in zip(keys[1:], (3, 2), strict=True)
    )

    @jax.jit
    def density(z_where, z_what):
        canvas = model.compose(*jax.vmap(model.draw)(z_where, z_what), jnp.ones(3, bool))
        prior = sum(norm.logpdf(z).sum() for z in (z_where, z_what))
        return model.log_prior()[3] + prior + model.log_likelihood(image, canvas)

    orders = [jnp.array(order) for order in itertools.permutations(range(3))]
    found = np.array([density(z_where[order], z_what[order]) for order in orders])
    alike = np.allclose(found, found[0], rtol=1e-5, atol=0.0)
    assert alike == (name != "over")
