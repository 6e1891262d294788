"""Networks as plain values, without functions, so that models can be pickled."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


class Packed(NamedTuple):
    """A network as plain values.

    Args:
        kind: Its class, made of a configuration and a key.
        config: Its configuration.
        arrays: Its weights, in the order of its leaves.
    """

    kind: type[eqx.Module]
    config: Any
    arrays: tuple[np.ndarray, ...]


def packed(network: Any) -> Packed:
    """Return a network, with its configuration as `config`, as plain values."""
    weights = jax.tree.leaves(eqx.filter(network, _has_shape))
    return Packed(type(network), network.config, tuple(map(np.asarray, weights)))


def unpacked(values: Packed) -> Any:
    """Return the network that `packed` was given: the same weights, bit for bit."""
    like = eqx.filter_eval_shape(values.kind, values.config, key=jax.random.key(0))
    shapes, rest = eqx.partition(like, _has_shape)
    weights = map(jnp.asarray, values.arrays)
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(shapes), weights), rest)


def _has_shape(leaf: object) -> bool:
    return hasattr(leaf, "shape")
