"""A function of a model and an image, compiled for batches: the model is taken apart once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np


class Applied:
    """A function of a model and one image, as a compiled function of many images.

    It is `eqx.filter_jit(jax.vmap(function, in_axes=(None, 0)))` of the model, which takes the
    model apart and compares its parts at each call: that counts where there is one image.

    Args:
        function: The function; one that is made anew each time would be compiled each time.
        model: The model.
    """

    def __init__(self, function: Callable[[Any, Any], Any], model: eqx.Module):
        self._function = function
        arrays, rest = eqx.partition(model, eqx.is_array)
        self._arrays, tree = jax.tree.flatten(arrays)
        self._frame = _Frame(tree, rest)

    def __call__(self, images: np.ndarray | jax.Array) -> Any:
        """Return what the function returns, of each image a row."""
        return _apply(self._function, self._frame, self._arrays, images)


class _Frame:
    """All of a model but its arrays; of two models with equal frames, one program serves both."""

    def __init__(self, tree: Any, rest: Any):
        self.tree, self.rest = tree, rest
        leaves, shape = jax.tree.flatten(rest)
        self._parts = tree, shape, tuple(leaves)
        self._hash = hash(self._parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Frame) and self._parts == other._parts)


@partial(jax.jit, static_argnums=(0, 1))
def _apply(function, frame, arrays, images):
    model = eqx.combine(jax.tree.unflatten(frame.tree, arrays), frame.rest)
    return jax.vmap(function, in_axes=(None, 0))(model, images)
