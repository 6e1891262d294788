"""A convolutional autoencoder: an embedding of scenes that knows of no objects."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.baselines.convolution import (
    convolve,
    convolve_grey_and_pool,
    kernel,
    max_pool,
    upsample,
    upsample_and_convolve_to_grey,
)
from airscene.model.appearance.mlp import DARK
from airscene.model.likelihood import log_likelihood
from airscene.model.shapes import Scalar
from airscene.model.stored import StoredModule

SIDE = 6


@dataclass(frozen=True)
class CAEConfig:
    """What the autoencoder is made of.

    Args:
        image_size: Height and width of the images, in pixels.
    """

    image_size: tuple[int, int] = (50, 50)


class CAE(StoredModule):
    """Three convolutions of 64 x (6x6) with max-pooling, and the way back (paper, appendix E).

    The encoder's convolutions cover only what lies in the image and are each followed by 2x2
    max-pooling; the decoder's are full convolutions, each behind 2x2 nearest-neighbour
    upsampling, and what they make is cut to the size that the encoder had there. So 50x50 pixels
    become maps of 23, 9 and 2 rows and columns, and these 9, 23 and 50 again.

    The paper does not say what lies in between. Here it is what the last pooling leaves: 2x2
    places of 64 channels, 256 numbers, as many as AIR's three objects have within a factor of two,
    without a ReLU, which would waste half of the range.

    It takes a batch, not one scene, as `convolve` wants the images of a batch beside each other.
    """

    encoder: list[Float[Array, "..."]]
    decoder: list[Float[Array, "..."]]
    encoder_biases: list[Float[Array, " 64"]]
    decoder_biases: list[Float[Array, "..."]]
    config: CAEConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-cae-1"

    def __init__(self, config: CAEConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 6)
        many = (SIDE, SIDE, 64, 64)
        self.encoder = [kernel(keys[0], SIDE, SIDE, 64), *(kernel(k, *many) for k in keys[1:3])]
        # Of the full convolution's last layer the fan-in is that of one of its channels.
        last = kernel(keys[5], SIDE, SIDE, 64, 1)[..., 0]
        self.decoder = [*(kernel(k, *many) for k in keys[3:5]), 0.1 * last]
        self.encoder_biases = [jnp.zeros(64)] * 3
        self.decoder_biases = [jnp.zeros(64), jnp.zeros(64), jnp.full((), DARK)]
        self.config = config

    def encode(self, images: Float[Array, "b 1 height width"]) -> Float[Array, "rows columns b 64"]:
        """Return the maps between encoder and decoder."""
        pixels = images[:, 0].transpose(1, 2, 0)
        maps = convolve_grey_and_pool(pixels, self.encoder[0])
        for weights, bias in zip(self.encoder[1:], self.encoder_biases, strict=False):
            maps = max_pool(convolve(jax.nn.relu(maps + bias), weights))
        return maps + self.encoder_biases[-1]

    def decode(self, maps: Float[Array, "rows columns b 64"]) -> Float[Array, "b 1 height width"]:
        """Return the canvases that maps draw, values in [0, 1]."""
        sizes = [self._pooled(2), self._pooled(1)]
        layers = zip(self.decoder[:-1], self.decoder_biases, sizes, strict=False)
        for weights, bias, (rows, columns) in layers:
            larger = convolve(upsample(maps), weights, padding=SIDE - 1)
            maps = jax.nn.relu(larger[:rows, :columns] + bias)
        height, width = self.config.image_size
        pixels = upsample_and_convolve_to_grey(maps, self.decoder[-1])[:height, :width]
        return jax.nn.sigmoid(pixels + self.decoder_biases[-1]).transpose(2, 0, 1)[:, None]

    def _pooled(self, times: int) -> tuple[int, int]:
        """Rows and columns of the maps after some of the encoder's layers."""
        rows, columns = self.config.image_size
        for _ in range(times):
            rows, columns = ((n - SIDE + 1 + 1) // 2 for n in (rows, columns))
        return rows, columns

    def embed(self, images: Float[Array, "b 1 height width"]) -> Float[Array, "b numbers"]:
        """Return the embeddings of grey images, values in [0, 1], one row each."""
        return self.encode(images).transpose(2, 0, 1, 3).reshape(len(images), -1)


def mean_log_likelihood(
    model: CAE, images: Float[Array, "b 1 height width"], sigma: float = 0.3
) -> Scalar:
    """Mean of `log N(x | decode(encode(x)), sigma^2 I)`, in nats, which the autoencoder raises.

    Args:
        model: The autoencoder.
        images: Images x, values in [0, 1].
        sigma: Standard deviation of a pixel, AIR's and DRAW's.
    """
    canvases = model.decode(model.encode(images))
    return jax.vmap(log_likelihood, in_axes=(0, 0, None))(images, canvases, sigma).mean()
