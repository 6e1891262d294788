"""The convolutional network that answers questions about a scene from its pixels."""

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.baselines.convolution import convolve, convolve_grey_and_pool, kernel, max_pool
from airscene.baselines.head import drop
from airscene.model.stored import StoredModule


@dataclass(frozen=True)
class CNNConfig:
    """What the network is made of.

    Args:
        image_size: Height and width of the images, in pixels.
        n_classes: Number of classes.
    """

    image_size: tuple[int, int]
    n_classes: int


class CNN(StoredModule):
    """64 x (5x5) - 64 x (5x5) - 64 x (5x5) - 512, and one answer for each class (appendix E).

    The paper gives the layers and neither stride nor pooling. Here each convolution is followed
    by a ReLU and max-pooling of 2x2; the first has a stride of 2, the others keep the size of
    their maps, which from 50x50 pixels have 12, 6 and 3 rows and columns. With a first stride of 1
    a step takes four times as long, and in the one comparison made (5,000 labels, 750 steps) it was
    no better.

    It takes a batch, not one scene, as `convolve` wants the images of a batch beside each other.

    Args:
        config: What it is made of.
        key: Randomness of the initial weights.
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
        self.kernels = [
            kernel(keys[0], 5, 5, 64),
            kernel(keys[1], 5, 5, 64, 64),
            kernel(keys[2], 5, 5, 64, 64),
        ]
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
        """Classify scenes.

        Args:
            images: Grey images, values in [0, 1].
            dropout: Share of the 512 units that are left out, in training.
            key: Randomness of that choice; without it none is left out.

        Returns:
            Logits of the classes.
        """
        # A bias that is the same for the four of a square may be added after pooling.
        first, *others = zip(self.kernels, self.biases, strict=True)
        pixels = images[:, 0].transpose(1, 2, 0)
        maps = jax.nn.relu(convolve_grey_and_pool(pixels, first[0], stride=2) + first[1])
        for weights, bias in others:
            maps = jax.nn.relu(max_pool(convolve(maps, weights, padding=2)) + bias)
        units = maps.transpose(2, 0, 1, 3).reshape(len(images), -1)
        units = drop(jax.nn.relu(jax.vmap(self.hidden)(units)), dropout, key)
        return jax.vmap(self.answer)(units)
