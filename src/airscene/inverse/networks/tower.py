"""The convolutional network that every part of the inference network is."""

import math
from functools import partial
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.inverse.config import InverseConfig

# Channels of the convolutions, each of which halves the image.
CHANNELS = (16, 32, 64)


class Convolution(eqx.Module):
    """Kernels of 4x4 pixels, which halve a picture of some channels."""

    kernel: Float[Array, "4 4 in out"]
    bias: Float[Array, " out"]

    def __init__(self, n_in: int, n_out: int, *, key: PRNGKeyArray):
        limit = 1.0 / math.sqrt(16 * n_in)
        keys, draw = jax.random.split(key), partial(jax.random.uniform, minval=-limit, maxval=limit)
        self.kernel, self.bias = draw(keys[0], (4, 4, n_in, n_out)), draw(keys[1], (n_out,))

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
        channels: Channels of the picture.
        numbers: Numbers given beside it.
        n_out: Outputs.
        config: The picture's size, and the units of the hidden layer.
    """

    convolutions: tuple[Convolution, ...]
    layers: eqx.nn.MLP

    def __init__(
        self, channels: int, numbers: int, n_out: int, config: InverseConfig, *, key: PRNGKeyArray
    ):
        keys = jax.random.split(key, 1 + len(CHANNELS))
        sizes = (channels, *CHANNELS)
        self.convolutions = tuple(
            Convolution(a, b, key=key) for a, b, key in zip(sizes, CHANNELS, keys[1:], strict=False)
        )
        rows, columns = (side // 2 ** len(CHANNELS) for side in config.image_shape[1:])
        n_in = CHANNELS[-1] * rows * columns + numbers
        self.layers = eqx.nn.MLP(n_in, n_out, config.n_hidden, 1, key=keys[0])

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
