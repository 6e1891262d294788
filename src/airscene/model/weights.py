"""Weights of a model: a safetensors file with the configuration in its metadata."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import equinox as eqx
import jax
import numpy as np
from safetensors import SafetensorError, safe_open

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.model.air import AIR
from airscene.model.config import AIRConfig
from airscene.model.stored import StoredModule, has_shape, stored_names
from airscene.schema import SCHEMA, read, whole

Module = TypeVar("Module", bound=StoredModule)


# The weights of a run that is not complete, in its folder.
UNFINISHED = "unfinished.safetensors"

# What a file of an older schema must become, a function for each schema that changed tensors or
# values: of the tensors and the configuration, both in the names of that schema.
Migration = Callable[[dict[str, np.ndarray], dict[str, Any]], None]


def _side_is_no_weight(tensors: dict[str, np.ndarray], config: dict[str, Any]) -> None:
    """In schema 1 the difference network held its preferred side, and ignored `explained`."""
    if config.get("posterior") == "difference":
        tensors.pop("posterior.preferred", None)
        config["explained"] = 1.0


MIGRATIONS: dict[int, Migration] = {1: _side_is_no_weight}


def save_weights(model: StoredModule, path: str | Path, **metadata: str) -> None:
    """Write a model's weights and configuration to a `.safetensors` file, whole or not at all.

    Equal weights make equal files, byte by byte. The metadata are what else the file says of the
    model, for instance `world="tabletop"`.

    Raises:
        InputError: If the file cannot be written.
    """
    leaves = jax.tree.leaves(eqx.filter(model, has_shape))
    tensors = dict(zip(stored_names(model), map(np.asarray, leaves), strict=True))
    own = {"format": model.stored_format, "schema": str(SCHEMA)}
    own["config"] = json.dumps(whole(model.config))
    write_atomic(path, _serialised(tensors, {**metadata, **own}))


def _serialised(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """A safetensors file whose header has an order: the library's follows from hashes.

    Eight bytes with the header's length, the header as JSON, filled up with spaces to a multiple of
    eight, and the tensors one after the other.
    """
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    data, end = [], 0
    for name in sorted(tensors, key=lambda n: (-tensors[n].itemsize, n)):
        # Not `ascontiguousarray`, which makes a list of a scalar.
        tensor = np.asarray(tensors[name], order="C")
        kind = {"f": "F", "i": "I", "u": "U"}[tensor.dtype.kind] + str(8 * tensor.itemsize)
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [start, end]}
        data.append(tensor.tobytes())
    return _with_header(header, b"".join(data))


def _with_header(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def with_metadata(data: bytes, **changes: str | None) -> bytes:
    """Return a weights file with other metadata, and the same bytes of tensors.

    What is added is the last of the metadata, so that taking it away again gives the same file.

    Args:
        data: The bytes of the file.
        changes: Metadata to add or to change; None takes them away.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = {k: v for k, v in header["__metadata__"].items() if k not in changes}
    metadata |= {k: v for k, v in changes.items() if v is not None}
    return _with_header({**header, "__metadata__": metadata}, data[start:])


def read_metadata(path: str | Path) -> dict[str, str]:
    """Read what a weights file says of itself: `format`, `config`, and what else it was told.

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
    """Read an AIR from a weights file, see `load_module`."""
    return load_module(path, AIR, AIRConfig)


def load_module(path: str | Path, kind: type[Module], config_kind: type) -> Module:
    """Read a model of any kind that `save_weights` wrote, in the precision that JAX is set to.

    Files of older schemas are migrated, one schema after the other. Nothing is unpickled.

    Args:
        path: The `.safetensors` file.
        kind: The model's class, made of a configuration and a key.
        config_kind: The class of its configuration.

    Raises:
        InputError: If the file is missing, truncated, not safetensors, or of another model.
    """
    path = Path(path)
    with _opened(path) as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if metadata.get("format") != kind.stored_format:
        raise InputError(
            f"{path} holds weights of another program (format {metadata.get('format')!r}); "
            f"airscene reads {kind.stored_format!r}"
        )
    try:
        schema, said = int(metadata.get("schema", 1)), json.loads(metadata["config"])
        for number in range(schema, SCHEMA):
            if number in MIGRATIONS:
                MIGRATIONS[number](tensors, said)
        config = read(config_kind, said, schema)
        # The shapes only: no time is lost on initial weights that the file replaces.
        make = cast(Any, kind)
        model = eqx.filter_eval_shape(lambda: make(config, key=jax.random.key(0)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} has no readable configuration ({error})") from error
    shapes, rest = eqx.partition(model, has_shape)
    leaves, structure = jax.tree.flatten(shapes)
    wanted = dict(zip(stored_names(model), leaves, strict=True))
    for name in sorted(tensors.keys() | wanted.keys()):
        found, leaf = tensors.get(name), wanted.get(name)
        if found is None or leaf is None or not _fits(found, leaf):
            raise InputError(f"{path}: the tensor {name!r} does not fit its configuration")
        if not np.isfinite(found).all():
            raise InputError(f"{path} holds weights that are not finite; train the model again")
    # Not `jax.numpy.asarray` of each, which would compile a program for each shape.
    arrays = jax.device_put([tensors[name].astype(leaf.dtype) for name, leaf in wanted.items()])
    return eqx.combine(jax.tree.unflatten(structure, arrays), rest)


def _fits(tensor: np.ndarray, leaf: jax.ShapeDtypeStruct) -> bool:
    """Whether a tensor has the shape of a leaf, and its kind of numbers in any precision."""
    return tensor.shape == leaf.shape and tensor.dtype.kind == np.dtype(leaf.dtype).kind
