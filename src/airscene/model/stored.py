"""Names of tensors in weights files, which are no names of the code."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax


class StoredModule(eqx.Module):
    """A model whose weights are kept in files, made of a configuration and a key.

    Args:
        config: What the model is made of, a dataclass.
        stored_format: What the files say that they hold: no name of the code.
        key: Randomness of the initial weights.
    """

    config: eqx.AbstractVar[Any]
    stored_format: ClassVar[str]


ModelT = TypeVar("ModelT", bound=StoredModule)


def with_config(model: ModelT, config: Any) -> ModelT:
    """Return a model with the same weights, and another configuration that changes none of them."""
    # All that is needed of the new model is its structure.
    like = eqx.filter_eval_shape(type(model), config, key=jax.random.key(0))
    return jax.tree.unflatten(jax.tree.structure(like), jax.tree.leaves(model))


def stored_as(name: str) -> dict[str, str]:
    """The metadata of a field whose tensors have another name in files than in the code.

        head: eqx.nn.Linear = eqx.field(metadata=stored_as("propose"))

    The name in files never changes.
    """
    return {"stored": name}


def stored_names(model: eqx.Module) -> Iterator[str]:
    """Return the names that the arrays of a model have in files, in the order of its leaves."""
    yield from stored_leaves(eqx.filter(model, has_shape))


def stored_leaves(tree: Any) -> dict[str, Any]:
    """Return the leaves of a tree, of a model or of what holds some, by their names in files."""
    return {_stored_name(tree, path): leaf for path, leaf in jax.tree.leaves_with_path(tree)}


def _stored_name(node: Any, path: tuple[Any, ...]) -> str:
    names = []
    for key in path:
        if isinstance(key, jax.tree_util.GetAttrKey):
            kept = fields(node) if is_dataclass(node) else ()
            stored = {f.name: f.metadata.get("stored", f.name) for f in kept}
            names.append(stored.get(key.name, key.name))
            node = getattr(node, key.name)
        else:
            at = key.idx if isinstance(key, jax.tree_util.SequenceKey) else key.key
            names.append(str(at))
            node = node[at]
    return ".".join(names)


def has_shape(leaf: object) -> bool:
    """Whether a leaf is an array, or stands for one."""
    return hasattr(leaf, "shape")
