"""What AIR, DAIR, DRAW and an autoencoder say of scenes, computed once: objects or a vector."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, UInt8

from airscene.baselines.cae import CAE
from airscene.files import write_atomic
from airscene.inference import Model, load
from airscene.paper.downstream.protocol import Protocol, two_digit_pools
from airscene.paper.trained import trained
from airscene.runs.presets.baselines import CAEPreset, DRAWPreset
from airscene.runs.tasks.baselines import as_floats
from airscene.schema import changes

Images = UInt8[np.ndarray, "n height width"]
Raw = Float[np.ndarray, "..."]

# Arrays of a file of embeddings.
_NAMES = ("training", "test")

# Images embedded at a time.
_CHUNK = 250


def embedded(method: str, protocol: Protocol, runs: Path) -> list[Float32[np.ndarray, "n *shape"]]:
    """Return the embeddings of the training and the test scenes, an array each.

    They are centred, and all divided by one deviation, which takes no label. One for each number
    would blow up those that say nothing: half of AIR's z_what hardly leave their prior's mean, and
    blown up they drown what the others say.

    Args:
        method: `air`, `dair`, `draw` or `cae`.
        protocol: The protocol.
        runs: Folder of all runs. Embeddings and models that are not there are made.
    """
    path = runs / "embeddings" / f"{method}.npz"
    config = json.dumps(changes(protocol.embedding_config(method)), sort_keys=True)
    if path.is_file():
        with np.load(path) as file:
            if str(file["config"]) == config:
                return [file[name] for name in _NAMES]
    embed = _METHODS[method](protocol, runs)
    pools = two_digit_pools(protocol.digits, protocol.pools)
    raw = [_in_chunks(embed, pool.images) for pool in pools]
    arrays = standardised_objects(raw) if raw[0].ndim == 3 else standardised(raw)
    buffer = io.BytesIO()
    np.savez(buffer, config=np.array(config), **dict(zip(_NAMES, arrays, strict=True)))
    write_atomic(path, buffer.getvalue())
    return arrays


def standardised(raw: list[Raw]) -> list[Float32[np.ndarray, "..."]]:
    """Centre each number, and divide all by one deviation, those of the first array's rows."""
    mean, deviation = raw[0].mean(axis=0), np.sqrt(raw[0].var(axis=0).mean())
    return [((x - mean) / deviation).astype(np.float32) for x in raw]


def standardised_objects(raw: list[Raw]) -> list[Float32[np.ndarray, "n 2 numbers"]]:
    """Standardise z_where and z_what over all objects that are there.

    Presence, the first number of an object, stays a probability; zeros of what is not there stay
    zeros, which then are the mean.
    """
    there = [np.any(x[..., 1:] != 0.0, axis=2) for x in raw]
    _, *codes = standardised([raw[0][there[0]][:, 1:], *(x[..., 1:] for x in raw)])
    return [
        np.concatenate([x[..., :1], code * here[..., None]], axis=2).astype(np.float32)
        for x, code, here in zip(raw, codes, there, strict=True)
    ]


def _in_chunks(embed: Callable[[Images], Raw], images: Images) -> Raw:
    return np.concatenate([embed(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)])


def object_embedding(name: str) -> Callable[[Images], Float32[np.ndarray, "n 2 numbers"]]:
    """Return what a model infers: of the first two objects presence, z_where and z_what.

    Presence is the probability that there are so many objects; latents are posterior means. Objects
    beyond the most probable count have zeros for latents. The tasks' scenes have two digits, so
    that a third object, which one scene in a hundred has at most, is left out.

    Args:
        name: The model, as `airscene.load` takes it.
    """
    model = load(name)
    assert isinstance(model, Model)

    def embed(images):
        inferred = model.infer_arrays(model.prepare(images)[1])
        q = np.exp(inferred.log_q)
        presence = q[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:3, None]
        there = np.arange(2) < q.argmax(axis=1)[:, None]
        latents = np.concatenate([inferred.z_where, inferred.z_what], axis=2)[:, :2]
        return np.concatenate([presence, latents * there[..., None]], axis=2)

    return embed


def _of_model(
    preset: DRAWPreset | CAEPreset, runs: Path, embed: Callable[[Any, Array], Array]
) -> Callable[[Images], Raw]:
    model, compiled = trained(preset, runs), eqx.filter_jit(embed)
    return lambda images: np.asarray(compiled(model, jnp.asarray(as_floats(images))))


_METHODS: dict[str, Callable[[Protocol, Path], Callable[[Images], Raw]]] = {
    "air": lambda protocol, runs: object_embedding(protocol.air),
    "dair": lambda protocol, runs: object_embedding(protocol.dair),
    "draw": lambda protocol, runs: _of_model(
        protocol.draw, runs, lambda model, x: jax.vmap(model.embed)(x)
    ),
    "cae": lambda protocol, runs: _of_model(
        CAEPreset(protocol.cae_data, protocol.cae_training), runs, CAE.embed
    ),
}
