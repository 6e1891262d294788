"""A function of a model and an image, compiled for batches: the model is taken apart once."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.export
import numpy as np

from airscene.compiled import keeps_traced, kept_trace


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
        self._programs: dict[Any, Callable[[Any, Any], Any]] = {}

    def __call__(self, images: np.ndarray | jax.Array) -> Any:
        """Return what the function returns, of each image a row."""
        kind = images.shape, images.dtype
        if kind not in self._programs:
            self._programs[kind] = self._program(images)
        return self._programs[kind](self._arrays, images)

    def _program(self, images: np.ndarray | jax.Array) -> Callable[[Any, Any], Any]:
        program = partial(_apply, self._function, self._frame)
        if not keeps_traced():
            return program
        function = f"{self._function.__module__}.{self._function.__qualname__}"
        kinds = [f"{x.dtype}{x.shape}" for x in (*self._arrays, images)]
        kept = kept_trace(
            "\n".join([function, *kinds, str(self._frame)]),
            lambda: jax.export.export(jax.jit(program))(self._arrays, images),
        )
        return jax.jit(kept.call)


class _Frame:
    """All of a model but its arrays; of two models with equal frames, one program serves both."""

    def __init__(self, tree: Any, rest: Any):
        self.tree, self.rest = tree, rest
        leaves, shape = jax.tree.flatten(rest)
        self._parts = tree, shape, tuple(leaves)
        self._hash = hash(self._parts)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        """The parts by name, and no addresses: the same in each process."""
        return re.sub(" at 0x[0-9a-f]+", "", f"{self.tree}\n{eqx.tree_pformat(self.rest)}")

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Frame) and self._parts == other._parts)


@partial(jax.jit, static_argnums=(0, 1))
def _apply(function, frame, arrays, images):
    model = eqx.combine(jax.tree.unflatten(frame.tree, arrays), frame.rest)
    return jax.vmap(function, in_axes=(None, 0))(model, images)
