"""Weights of a model: a safetensors file with the configuration in its metadata."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.model.air import AIR
from airscene.model.config import AIRConfig
from airscene.schema import SCHEMA, read, whole

Module = TypeVar("Module", bound=eqx.Module)


def format_of(kind: type[eqx.Module]) -> str:
    """The format that the weights of a class of models say they have."""
    return f"airscene-{kind.__name__.lower()}-1"


def _has_shape(leaf: object) -> bool:
    return hasattr(leaf, "shape")


def _named(model: eqx.Module) -> dict[str, Any]:
    leaves = jax.tree.leaves_with_path(eqx.filter(model, _has_shape))
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


def save_weights(model: eqx.Module, path: str | Path, **metadata: str) -> None:
    """Write a model's weights and configuration, whole or not at all.

    Args:
        model: The model, with its configuration, a dataclass, as `config`.
        path: The `.safetensors` file to write.
        metadata: What else the file says of the model, for instance `world="tabletop"`.

    Raises:
        InputError: If the file cannot be written.
    """
    tensors = {name: np.asarray(leaf) for name, leaf in _named(model).items()}
    own = {"format": format_of(type(model)), "schema": str(SCHEMA)}
    own["config"] = json.dumps(whole(model.config))
    write_atomic(path, save(tensors, {**metadata, **own}))


def read_metadata(path: str | Path) -> dict[str, str]:
    """Read what a file says of its weights: `format`, `config`, and what else it was told.

    Args:
        path: The `.safetensors` file.

    Raises:
        InputError: If the file is missing, truncated or not safetensors.
    """
    with _opened(Path(path)) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise InputError(f"no weights at {path}; give a run folder, a .safetensors file or a name")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is not a whole safetensors file ({error}); train or copy the model again"
        ) from error


def load_weights(path: str | Path) -> AIR:
    """Read the weights of AIR that `save_weights` wrote.

    Args:
        path: The `.safetensors` file.

    Returns:
        The model.

    Raises:
        InputError: If the file is missing, truncated, not safetensors, or of another model.
    """
    model = load_module(path, AIR, AIRConfig)
    if not (model.config.object_size and model.config.sigma):
        raise InputError(
            f"{path} has no readable configuration (its object_size or sigma is 0, which is for "
            "training only)"
        )
    return model


def load_module(path: str | Path, kind: type[Module], config_kind: type) -> Module:
    """Read a model of any kind that `save_weights` wrote. Nothing is unpickled.

    Args:
        path: The `.safetensors` file.
        kind: The model's class, made of a configuration and a key.
        config_kind: The class of its configuration.

    Returns:
        The model.

    Raises:
        InputError: If the file is missing, truncated, not safetensors, or of another model.
    """
    path = Path(path)
    with _opened(path) as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if metadata.get("format") != format_of(kind):
        raise InputError(
            f"{path} holds weights of another program (format {metadata.get('format')!r}); "
            f"airscene reads {format_of(kind)!r}"
        )
    try:
        schema = int(metadata.get("schema", 1))
        config = read(config_kind, json.loads(metadata["config"]), schema)
        # The shapes only: no time is lost on initial weights that the file replaces.
        model = eqx.filter_eval_shape(kind, config, key=jax.random.key(0))
        wanted = {name: (leaf.shape, leaf.dtype) for name, leaf in _named(model).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has no readable configuration ({error})") from error
    found = {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
    if found != wanted:
        names = found.keys() | wanted.keys()
        wrong = min(name for name in names if found.get(name) != wanted.get(name))
        raise InputError(f"{path}: the tensor {wrong!r} does not fit its configuration")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise InputError(f"{path} holds weights that are not finite; train the model again")
    shapes, rest = eqx.partition(model, _has_shape)
    arrays = [jax.numpy.asarray(tensors[name]) for name in wanted]
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(shapes), arrays), rest)
