"""The floor of a training step counts its matrix products, and nothing else."""

import jax
import jax.numpy as jnp

from airscene.app.bench import operations, products


def test_operations_of_a_batched_product():
    left, right = jnp.ones((7, 2, 3)), jnp.ones((7, 3, 5))
    (dot,) = products(jax.make_jaxpr(jnp.matmul)(left, right).jaxpr)
    assert operations(*dot) == 2 * 7 * 2 * 3 * 5


def test_products_inside_loops_and_calls_are_found_once():
    @jax.jit
    def run(x):
        def body(_, y):
            return jnp.tanh(y @ y) + 1.0

        return jax.lax.fori_loop(0, 9, body, x)

    dots = products(jax.make_jaxpr(run)(jnp.ones((4, 4))).jaxpr)
    assert [operations(*dot) for dot in dots] == [2 * 4**3]


def test_a_gradient_has_three_times_the_products():
    def loss(weights, x):
        return jnp.sum(jnp.tanh(jnp.tanh(x @ weights) @ weights))

    gradient = jax.make_jaxpr(jax.grad(loss))(jnp.ones((6, 6)), jnp.ones((3, 6)))
    total = sum(operations(*dot) for dot in products(gradient.jaxpr))
    # Two products forward, and for each two backward; the first needs none for x.
    assert total == 5 * 2 * 3 * 6 * 6
