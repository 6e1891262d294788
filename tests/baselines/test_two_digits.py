"""Answers about two digits: against enumeration, and whatever the digits are given as."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.baselines.classifiers import (
    DigitsAnswer,
    Head,
    ObjectsAnswer,
    PlainAnswer,
    make_classifier,
)
from airscene.baselines.two_digits import ascending_pair, log_answer, softmax_pair, sum_of_two

KEY = jax.random.key(3)


def beliefs(n=4):
    """Distributions over digits of n first and n second digits."""
    return jax.random.dirichlet(KEY, jnp.ones(10), (2, n))


def test_the_sum_is_the_convolution():
    first, second = beliefs()
    wanted = [np.convolve(p, q) for p, q in zip(first, second, strict=True)]
    np.testing.assert_allclose(sum_of_two(first, second), wanted, atol=1e-6)


def test_they_ascend_as_often_as_pairs_do():
    first, second = beliefs()
    wanted = [
        sum(p[a] * q[b] for a in range(10) for b in range(10) if b > a)
        for p, q in zip(first, second, strict=True)
    ]
    np.testing.assert_allclose(ascending_pair(first, second), wanted, atol=1e-6)
    same = jnp.eye(10)
    np.testing.assert_array_equal(ascending_pair(same, same), np.zeros(10))


def test_of_an_order_that_is_not_known_both_count():
    first, second = beliefs()
    left = jnp.array([1.0, 0.0, 0.5, 0.2])
    ascends = np.exp(log_answer("order", first, second, left))[:, 1]
    one, other = ascending_pair(first, second), ascending_pair(second, first)
    np.testing.assert_allclose(ascends, left * one + (1 - left) * other, atol=2e-6)
    sums = [log_answer("sum", first, second, p) for p in (left, 1 - left)]
    np.testing.assert_array_equal(*sums)


def test_what_is_impossible_has_a_gradient():
    sure = jnp.eye(10)[:2] * 200.0

    def wrong(logits):
        pair = jax.nn.softmax(logits[:1]), jax.nn.softmax(logits[1:])
        return log_answer("sum", *pair, jnp.ones(1))[0, 18]

    assert np.isfinite(wrong(sure)) and np.isfinite(jax.grad(wrong)(sure)).all()


def objects(presence=(1.0, 1.0), x=(-1.0, 1.0)):
    """One scene of two objects: presence, scale, x, y, and a code of two numbers."""
    rows = [[p, 0.1, at, 0.3, 1.0 + k, -0.5] for k, p, at in zip((0, 1), presence, x, strict=True)]
    return jnp.array([rows])


@pytest.fixture
def head():
    return make_classifier("order", (2, 6), digits=True, layers=1, width=8, key=KEY)


@pytest.mark.parametrize("task", ["sum", "order"])
def test_which_object_is_first_does_not_matter(head, task):
    answer = ObjectsAnswer(head.network, task)
    for x in ((-1.0, 1.0), (0.3, 0.2)):
        scene = objects((0.9, 0.6), x)
        np.testing.assert_allclose(answer(scene), answer(scene[:, ::-1]), atol=1e-5)


def test_the_left_object_is_the_first(head):
    p, q = jax.nn.softmax(head.network(objects()[0, :, 1:]))[:, None]
    np.testing.assert_allclose(np.exp(head(objects()))[:, 1], ascending_pair(p, q), atol=1e-4)
    turned = objects(x=(1.0, -1.0))
    p, q = jax.nn.softmax(head.network(turned[0, :, 1:]))[:, None]
    np.testing.assert_allclose(np.exp(head(turned))[:, 1], ascending_pair(q, p), atol=1e-4)


def test_an_object_that_is_missing_is_any_that_was_learnt(head):
    answer = ObjectsAnswer(head.network, "sum")
    answer = eqx.tree_at(lambda a: a.missing, answer, 50.0 * jnp.eye(10)[3])
    p, q = jax.nn.softmax(head.network(objects()[0, :, 1:]))[:, None]
    for presence in (0.0, 0.4, 1.0):
        second = presence * q + (1 - presence) * jnp.eye(10)[3:4]
        found = np.exp(answer(objects((1.0, presence))))
        np.testing.assert_allclose(found, sum_of_two(p, second), atol=3e-6)


def test_classifiers_of_every_input():
    made = [
        make_classifier("sum", shape, digits, 2, 8, KEY)
        for shape in ((2, 54), (256,), (1, 50, 50))
        for digits in (False, True)
    ]
    kinds = [ObjectsAnswer] * 2 + [PlainAnswer, DigitsAnswer] * 2
    assert [type(one) for one in made] == kinds
    embeddings = jax.random.normal(KEY, (3, 256))
    plain, pair = made[2:4]
    assert isinstance(plain.network, Head) and plain.network.layers[-1].out_features == 19
    np.testing.assert_allclose(jnp.exp(plain(embeddings)).sum(axis=1), 1.0, atol=1e-5)
    wanted = sum_of_two(*softmax_pair(pair.network(embeddings)))
    np.testing.assert_allclose(jnp.exp(pair(embeddings)), wanted, atol=3e-6)
