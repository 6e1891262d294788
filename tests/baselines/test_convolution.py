"""Convolutions against XLA's own, values and gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.baselines.convolution import (
    convolve,
    convolve_grey,
    convolve_grey_and_pool,
    max_pool,
    upsample,
    upsample_and_convolve_to_grey,
)

AXES = ("HWNC", "HWIO", "HWNC")


def xla(maps, weights, padding=0, stride=1):
    pads = [(padding, padding)] * 2
    return jax.lax.conv_general_dilated(
        maps, weights, (stride, stride), pads, dimension_numbers=AXES, precision="highest"
    )


def xla_pool(maps):
    return jax.lax.reduce_window(
        maps,
        -jnp.inf,
        jax.lax.max,
        (2, 2, 1, 1),
        (2, 2, 1, 1),
        [(0, n % 2) for n in maps.shape[:2]] + [(0, 0)] * 2,
    )


def numbers(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape)


def same(ours, theirs, *arguments):
    """The same values, and the same gradients of a function of them that tells places apart."""

    @partial(jax.jit, static_argnums=0)
    def all_of(function, *arguments):
        value, back = jax.vjp(function, *arguments)
        return value, *back(jnp.sin(jnp.arange(value.size, dtype=float)).reshape(value.shape))

    for got, right in zip(all_of(ours, *arguments), all_of(theirs, *arguments), strict=True):
        assert got.shape == right.shape
        np.testing.assert_allclose(got, right, atol=3e-4)


@pytest.mark.parametrize(
    ("rows", "columns", "side", "padding"), [(9, 8, 5, 0), (6, 11, 5, 2), (4, 3, 6, 5)]
)
def test_by_frequencies_it_is_the_same(rows, columns, side, padding):
    maps, weights = numbers(0, rows, columns, 3, 4), numbers(1, side, side, 4, 2)
    same(lambda m, w: convolve(m, w, padding), lambda m, w: xla(m, w, padding), maps, weights)


@pytest.mark.parametrize(("rows", "columns", "stride"), [(14, 13, 1), (16, 13, 2)])
def test_grey_images(rows, columns, stride):
    images, weights = numbers(0, rows, columns, 3), numbers(1, 5, 5, 4)

    def whole(images, weights):
        return xla(images[..., None], weights[:, :, None], stride=stride)

    same(lambda i, w: convolve_grey(i, w, stride), whole, images, weights)
    same(
        lambda i, w: convolve_grey_and_pool(i, w, stride),
        lambda i, w: xla_pool(whole(i, w)),
        images,
        weights,
    )


def test_pooling_keeps_odd_ends():
    same(max_pool, xla_pool, numbers(0, 5, 6, 2, 3))


def test_upsampling_to_grey():
    maps, weights = numbers(0, 4, 3, 2, 5), numbers(1, 6, 6, 5)

    def whole(maps, weights):
        larger = jnp.repeat(jnp.repeat(maps, 2, 0), 2, 1)
        return xla(larger, weights[..., None], 5)[..., 0]

    same(upsample_and_convolve_to_grey, whole, maps, weights)
    np.testing.assert_array_equal(upsample(maps), jnp.repeat(jnp.repeat(maps, 2, 0), 2, 1))
