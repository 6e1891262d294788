"""The network that answers questions about a scene from an embedding of it."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.stored import StoredModule


@dataclass(frozen=True)
class HeadConfig:
    """What the network is made of.

    Args:
        n_in: Length of the embedding.
        n_classes: Number of classes.
    """

    n_in: int
    n_classes: int


class Head(StoredModule):
    """Four layers of 512 units and one answer for each class (paper, appendix E).

    Args:
        config: What it is made of.
        key: Randomness of the initial weights.
    """

    layers: list[eqx.nn.Linear]
    config: HeadConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-head-1"

    def __init__(self, config: HeadConfig, *, key: PRNGKeyArray):
        self.config = config
        sizes = [config.n_in, 512, 512, 512, 512, config.n_classes]
        keys = jax.random.split(key, 5)
        self.layers = [
            eqx.nn.Linear(*ends, key=k)
            for *ends, k in zip(sizes[:-1], sizes[1:], keys, strict=True)
        ]

    def __call__(
        self,
        embeddings: Float[Array, "b n_in"],
        dropout: float = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "b classes"]:
        """Classify scenes.

        Args:
            embeddings: Embeddings.
            dropout: Share of the units of each layer that are left out, in training.
            key: Randomness of that choice; without it none is left out.

        Returns:
            Logits of the classes.
        """
        units = embeddings
        keys = [None] * 4 if key is None else jax.random.split(key, 4)
        for layer, k in zip(self.layers[:-1], keys, strict=True):
            units = drop(jax.nn.relu(jax.vmap(layer)(units)), dropout, k)
        return jax.vmap(self.layers[-1])(units)


def drop(
    units: Float[Array, "*shape"], share: float, key: PRNGKeyArray | None
) -> Float[Array, "*shape"]:
    """Dropout: set a share of the units to zero, and raise the others to make up for it."""
    if key is None or not share:
        return units
    return units * jax.random.bernoulli(key, 1.0 - share, units.shape) / (1.0 - share)
