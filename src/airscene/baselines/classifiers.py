"""Networks that answer questions about a scene: from an embedding of it, or from its pixels."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.baselines.convolution import convolve, convolve_grey_and_pool, kernel, max_pool
from airscene.model.stored import StoredModule


@dataclass(frozen=True)
class HeadConfig:
    """What the network of embeddings is made of.

    Args:
        n_in: Length of the embedding.
        n_classes: Number of classes.
    """

    n_in: int
    n_classes: int


@dataclass(frozen=True)
class CNNConfig:
    """What the network of pixels is made of.

    Args:
        image_size: Height and width of the images, in pixels.
        n_classes: Number of classes.
    """

    image_size: tuple[int, int]
    n_classes: int


class Head(StoredModule):
    """Four layers of 512 units and one answer for each class (paper, appendix E)."""

    layers: list[eqx.nn.Linear]
    config: HeadConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-head-1"

    def __init__(self, config: HeadConfig, *, key: PRNGKeyArray):
        self.config = config
        sizes = pairwise([config.n_in, 512, 512, 512, 512, config.n_classes])
        keys = jax.random.split(key, 5)
        self.layers = [eqx.nn.Linear(a, b, key=k) for (a, b), k in zip(sizes, keys, strict=True)]

    def __call__(
        self,
        embeddings: Float[Array, "b n_in"],
        dropout: float = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "b classes"]:
        """Return logits of the classes of scenes.

        Args:
            embeddings: Embeddings.
            dropout: Share of the units of each layer that are left out, in training.
            key: Randomness of that choice; without it none is left out.
        """
        units = embeddings
        keys = [None] * 4 if key is None else jax.random.split(key, 4)
        for layer, k in zip(self.layers[:-1], keys, strict=True):
            units = drop(jax.nn.relu(jax.vmap(layer)(units)), dropout, k)
        return jax.vmap(self.layers[-1])(units)


class CNN(StoredModule):
    """64 x (5x5) - 64 x (5x5) - 64 x (5x5) - 512, and one answer for each class (appendix E).

    The paper gives the layers and neither stride nor pooling. Here each convolution is followed
    by a ReLU and max-pooling of 2x2; the first has a stride of 2, the others keep the size of
    their maps, which from 50x50 pixels have 12, 6 and 3 rows and columns. With a first stride of 1
    a step takes four times as long, and in the one comparison made (5,000 labels, 750 steps) it was
    no better.

    It takes a batch, not one scene, as `convolve` wants the images of a batch beside each other.
    """

    kernels: list[Float[Array, "..."]]
    biases: list[Float[Array, " 64"]]
    hidden: eqx.nn.Linear
    answer: eqx.nn.Linear
    config: CNNConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-cnn-1"

    def __init__(self, config: CNNConfig, *, key: PRNGKeyArray):
        self.config = config
        keys = jax.random.split(key, 5)
        shapes = [(5, 5, 64), (5, 5, 64, 64), (5, 5, 64, 64)]
        self.kernels = [kernel(k, *shape) for k, shape in zip(keys[:3], shapes, strict=True)]
        self.biases = [jnp.zeros(64)] * 3
        sides = [((n - 5) // 2 + 1 + 7) // 8 for n in config.image_size]
        self.hidden = eqx.nn.Linear(64 * math.prod(sides), 512, key=keys[3])
        self.answer = eqx.nn.Linear(512, config.n_classes, key=keys[4])

    def __call__(
        self,
        images: Float[Array, "b 1 height width"],
        dropout: float = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "b classes"]:
        """Return logits of the classes of grey images; dropout of the 512 units as for `Head`."""
        # A bias that is the same for the four of a square may be added after pooling.
        first, *others = zip(self.kernels, self.biases, strict=True)
        pixels = images[:, 0].transpose(1, 2, 0)
        maps = jax.nn.relu(convolve_grey_and_pool(pixels, first[0], stride=2) + first[1])
        for weights, bias in others:
            maps = jax.nn.relu(max_pool(convolve(maps, weights, padding=2)) + bias)
        units = maps.transpose(2, 0, 1, 3).reshape(len(images), -1)
        units = drop(jax.nn.relu(jax.vmap(self.hidden)(units)), dropout, key)
        return jax.vmap(self.answer)(units)


def drop(
    units: Float[Array, "*shape"], share: float, key: PRNGKeyArray | None
) -> Float[Array, "*shape"]:
    """Dropout: set a share of the units to zero, and raise the others to make up for it."""
    if key is None or not share:
        return units
    return units * jax.random.bernoulli(key, 1.0 - share, units.shape) / (1.0 - share)
