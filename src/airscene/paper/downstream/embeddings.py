"""What AIR, DRAW and an autoencoder say of scenes: one vector a scene, computed once."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, UInt8

from airscene.baselines.cae import CAE
from airscene.files import write_atomic
from airscene.inference import Model, load
from airscene.paper.downstream.protocol import Protocol, two_digit_pools
from airscene.paper.trained import trained
from airscene.runs.presets.baselines import CAEPreset, DRAWPreset
from airscene.runs.tasks.baselines import as_floats
from airscene.schema import changes

Images = UInt8[np.ndarray, "n height width"]

# Images embedded at a time.
_CHUNK = 250


def embedded(method: str, protocol: Protocol, runs: Path) -> list[Float32[np.ndarray, "n numbers"]]:
    """Return the embeddings of the training, the validation and the test scenes, an array each.

    From each number its mean over the training scenes is taken, and all are divided by one
    deviation, which takes no label. One for each number would blow up those that say nothing: half
    of AIR's z_what hardly leave their prior's mean, and blown up they drown what the others say.

    Args:
        method: `air`, `draw` or `cae`.
        protocol: The protocol.
        runs: Folder of all runs. Embeddings and models that are not there are made.
    """
    path = runs / "embeddings" / f"{method}.npz"
    config = json.dumps(changes(protocol.embedding_config(method)), sort_keys=True)
    if path.is_file():
        with np.load(path) as file:
            if str(file["config"]) == config:
                return [file[f"pool_{i}"] for i in range(3)]
    embed = _METHODS[method](protocol, runs)
    pools = two_digit_pools(protocol.digits, protocol.pools)
    raw = [_in_chunks(embed, pool.images) for pool in pools]
    mean, deviation = raw[0].mean(axis=0), np.sqrt(raw[0].var(axis=0).mean())
    arrays = [((x - mean) / deviation).astype(np.float32) for x in raw]
    buffer = io.BytesIO()
    np.savez(buffer, config=config, **{f"pool_{i}": x for i, x in enumerate(arrays)})
    write_atomic(path, buffer.getvalue())
    return arrays


def _in_chunks(embed: Callable[[Images], np.ndarray], images: Images) -> np.ndarray:
    return np.concatenate([embed(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)])


def air_embedding(protocol: Protocol, runs: Path) -> Callable[[Images], np.ndarray]:
    """Return AIR's inferences: of each step in turn presence, z_where and z_what, posterior means.

    Of steps beyond the most probable count only the probability of presence is given; z_where and
    z_what are zeros there.
    """
    model = load(protocol.air)
    assert isinstance(model, Model)

    def embed(images):
        inferred = model.infer_arrays(model.prepare(images)[1])
        q = np.exp(inferred.log_q)
        presence = q[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:, None]
        there = np.arange(presence.shape[1]) < q.argmax(axis=1)[:, None]
        latents = np.concatenate([inferred.z_where, inferred.z_what], axis=2) * there[..., None]
        return np.concatenate([presence, latents], axis=2).reshape(len(images), -1)

    return embed


def _of_model(
    preset: DRAWPreset | CAEPreset, runs: Path, embed: Callable[[Any, Array], Array]
) -> Callable[[Images], np.ndarray]:
    model, compiled = trained(preset, runs), eqx.filter_jit(embed)
    return lambda images: np.asarray(compiled(model, jnp.asarray(as_floats(images))))


_METHODS: dict[str, Callable[[Protocol, Path], Callable[[Images], np.ndarray]]] = {
    "air": air_embedding,
    "draw": lambda protocol, runs: _of_model(
        protocol.draw, runs, lambda model, x: jax.vmap(model.embed)(x)
    ),
    "cae": lambda protocol, runs: _of_model(
        CAEPreset(protocol.cae_data, protocol.cae_training), runs, CAE.embed
    ),
}
