"""The strongest of overlapping objects is seen, in whatever order they come."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airscene.model.composition.max import Max


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_any_order_of_bright_things_is_the_largest_value(seed, n):
    rng, composition = np.random.default_rng(seed), Max()
    mask = np.ones((4, 6))
    drawn = rng.random((n, 3, 4, 6))
    canvas = np.zeros((3, 4, 6))
    for one in rng.permutation(drawn):
        canvas = composition.add(canvas, one, mask)
    assert np.allclose(canvas, drawn.max(axis=0))
    assert np.allclose(composition.under(canvas, drawn[0], mask, mask), canvas)


def test_dark_things_on_a_bright_ground():
    canvas, drawn = np.array([[[-0.5, -0.1, 0.2]]]), np.array([[[-0.2, -0.3, -0.3]]])
    assert np.allclose(Max().add(canvas, drawn, np.ones((1, 3))), [[[-0.5, -0.3, -0.3]]])


def test_only_what_is_seen_has_a_gradient():
    canvas, mask = jnp.array([[[0.5, 0.1]]]), jnp.ones((1, 2))
    gradient = jax.grad(lambda drawn: Max().add(canvas, drawn, mask).sum())(
        jnp.array([[[0.2, 0.3]]])
    )
    assert np.array_equal(gradient, [[[0.0, 1.0]]])
