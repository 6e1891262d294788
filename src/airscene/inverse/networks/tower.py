"""The convolutional network that every part of the inference network is."""

import math
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

# Channels of the convolutions, each of which halves the image.
CHANNELS = (16, 32, 64)


class Convolution(eqx.Module):
    """Kernels of 4x4 pixels, which halve a picture of some channels."""

    kernel: Float[Array, "4 4 in out"]
    bias: Float[Array, " out"]

    def __init__(self, n_in: int, n_out: int, *, key: PRNGKeyArray):
        limit = 1.0 / math.sqrt(16 * n_in)
        keys, shapes = jax.random.split(key), ((4, 4, n_in, n_out), (n_out,))
        self.kernel, self.bias = (
            jax.random.uniform(key, shape, minval=-limit, maxval=limit)
            for key, shape in zip(keys, shapes, strict=True)
        )

    def __call__(
        self, picture: Float[Array, "height width in"]
    ) -> Float[Array, "half_height half_width out"]:
        """Return the picture's features."""
        (features,) = jax.lax.conv_general_dilated(
            picture[None],
            self.kernel,
            window_strides=(2, 2),
            padding=((1, 1), (1, 1)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return features + self.bias


class Tower(eqx.Module):
    """Three convolutions over a picture, then two layers over all of it and some numbers.

    The paper gives no sizes. Convolutions, as what an object looks like is then learnt for all
    places at once, its rotation above all. Pictures and kernels have their channels last: that is
    how the CPU computes them, and turning the kernels was a third of the time of one image.

    Args:
        n_channels: Channels of the picture.
        size: Its height and width.
        n_numbers: Numbers given beside it.
        n_out: Outputs.
        n_hidden: Units of the hidden layer.
    """

    convolutions: tuple[Convolution, ...]
    layers: eqx.nn.MLP

    def __init__(
        self,
        n_channels: int,
        size: tuple[int, int],
        n_numbers: int,
        n_out: int,
        n_hidden: int,
        *,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, 1 + len(CHANNELS))
        channels = (n_channels, *CHANNELS)
        self.convolutions = tuple(
            Convolution(a, b, key=key)
            for a, b, key in zip(channels, CHANNELS, keys[1:], strict=False)
        )
        rows, columns = (side // 2 ** len(CHANNELS) for side in size)
        n_seen = CHANNELS[-1] * rows * columns
        self.layers = eqx.nn.MLP(n_seen + n_numbers, n_out, n_hidden, 1, key=keys[0])

    def __call__(
        self, picture: Float[Array, "height width channels"], numbers: Float[Array, " numbers"]
    ) -> Float[Array, " outputs"]:
        """Return the outputs."""
        for convolution in self.convolutions:
            picture = jax.nn.relu(convolution(picture))
        return self.layers(jnp.concatenate([picture.ravel(), numbers]))


Network = TypeVar("Network", eqx.nn.MLP, Tower)


def last_layer(network: eqx.nn.MLP | Tower) -> eqx.nn.Linear:
    """The layer that puts out what a network does."""
    return (network.layers if isinstance(network, Tower) else network).layers[-1]


def near_zero(network: Network) -> Network:
    """Return a network that puts out nearly nothing at first, as a head should."""
    last = last_layer(network)
    assert last.bias is not None
    small = (0.1 * last.weight, jnp.zeros_like(last.bias))
    return eqx.tree_at(lambda m: (last_layer(m).weight, last_layer(m).bias), network, small)
