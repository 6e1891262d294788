"""Weights go round bit by bit; files that are not weights are refused in one line."""

import json
import os
import pickle
import subprocess
import sys
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from airscene.errors import InputError
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.model.air import AIR
from airscene.model.bundled import bundled_models
from airscene.model.config import AIRConfig
from airscene.model.stored import StoredModule, stored_as, stored_names
from airscene.model.weights import (
    load_module,
    load_weights,
    read_metadata,
    save_weights,
    with_metadata,
)
from airscene.schema import SCHEMA


@pytest.fixture(scope="module")
def model(tiny):
    return tiny(image_shape=(3, 12, 10), count_prior="table(1, 2, 3, 4)", sigma=0.25)


@pytest.fixture
def path(model, tmp_path):
    save_weights(model, tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def metadata(path):
    with safe_open(path, framework="numpy") as file:
        return file.metadata()


def refused(path, message):
    with pytest.raises(InputError, match=message) as caught:
        load_weights(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_round_trip(model, path):
    back = load_weights(path)
    assert back.config == model.config
    assert jax.tree.structure(back) == jax.tree.structure(model)
    assert eqx.tree_equal(back, model)


class Scalar(StoredModule):
    value: jax.Array
    config: AIRConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "scalar"

    def __init__(self, config, *, key):
        self.value, self.config = jax.random.normal(key, ()), config


def test_a_scalar_goes_round(tmp_path):
    scalar = Scalar(AIRConfig(), key=jax.random.key(0))
    save_weights(scalar, tmp_path / "s.safetensors")
    assert eqx.tree_equal(load_module(tmp_path / "s.safetensors", Scalar, AIRConfig), scalar)


def test_weights_from_before_there_was_a_choice_of_network(model, path):
    tensors, data = load_file(path), metadata(path)
    config = json.loads(data["config"])
    assert config.pop("where_proposal") == "recurrent"
    save_file(tensors, path, {**data, "config": json.dumps(config)})
    assert eqx.tree_equal(load_weights(path), model)


def test_weights_of_schema_1(tiny, tmp_path):
    """They had other names, and the side of the difference network among the weights."""
    model, path = tiny(where_proposal="difference"), tmp_path / "m.safetensors"
    save_weights(model, path)
    tensors, data = load_file(path), metadata(path)
    config = json.loads(data["config"])
    for old, new in {"posterior": "where_proposal", "n_look": "n_features"}.items():
        config[old] = config.pop(new)
    for name in ("composition", "background", "likelihood", "explained_share"):
        del config[name]
    # Then it was ignored.
    config["explained"] = 0.9
    tensors["posterior.preferred"] = np.zeros((), np.float32)
    save_file(tensors, path, {"format": data["format"], "config": json.dumps(config)})
    assert eqx.tree_equal(load_weights(path), model)


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_weights_are_read(name):
    metadata = read_metadata(bundled_models()[name])
    assert int(metadata.get("schema", 1)) in (1, SCHEMA)  # the first had no number
    in_3d = metadata["format"] == "airscene-inverseair-1"
    kinds = (InverseAIR, InverseConfig) if in_3d else (AIR, AIRConfig)
    model = load_module(bundled_models()[name], *kinds)
    tensors = load_file(bundled_models()[name])
    tensors.pop("posterior.preferred", None)
    leaves = jax.tree.leaves(eqx.filter(model, eqx.is_array))
    names = list(stored_names(model))
    assert sorted(names) == sorted(tensors) and len(leaves) == len(names)
    for leaf, stored in zip(leaves, names, strict=True):
        np.testing.assert_array_equal(leaf, tensors[stored])


class Before(StoredModule):
    layer: eqx.nn.Linear
    config: AIRConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-toy-1"

    def __init__(self, config, *, key):
        self.layer, self.config = eqx.nn.Linear(2, 3, key=key), config


class After(StoredModule):
    head: eqx.nn.Linear = eqx.field(metadata=stored_as("layer"))
    config: AIRConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-toy-1"

    def __init__(self, config, *, key):
        self.head, self.config = eqx.nn.Linear(2, 3, key=key), config


def test_names_of_classes_and_attributes_are_no_part_of_the_format(tmp_path):
    before = Before(AIRConfig(), key=jax.random.key(0))
    save_weights(before, tmp_path / "before.safetensors")
    after = load_module(tmp_path / "before.safetensors", After, AIRConfig)
    assert eqx.tree_equal(after.head, before.layer)
    save_weights(after, tmp_path / "after.safetensors")
    files = [(tmp_path / f"{n}.safetensors").read_bytes() for n in ("before", "after")]
    assert files[0] == files[1]


SAVE = """
import sys, jax
from airscene.model.air import AIR, AIRConfig
from airscene.model.weights import save_weights
small = {"n_what": 2, "n_cells": 4, "n_hidden": 8, "n_features": 8, "n_layer": 8}
air = AIR(AIRConfig(image_shape=(1, 12, 12), **small), key=jax.random.key(3))
save_weights(air, sys.argv[1], world="a", likelihood="b", more="c")
"""


def test_equal_weights_are_equal_files(tmp_path):
    """In other processes too, whose hashes differ."""
    # At the same time, as each takes seconds to import JAX.
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE, str(tmp_path / f"{seed}.safetensors")],
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    assert [one.wait() for one in running] == [0, 0]
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


INFER = """
import numpy as np, airscene, jax
assert jax.config.jax_enable_x64
model = airscene.load("multi-mnist")
image = np.zeros((1, 50, 50)); image[0, 10:30, 20:24] = 1.0
print(model.air.encoder.layers.layers[0].weight.dtype, model.infer(image).counts[0])
"""


@pytest.mark.slow
def test_weights_load_in_double_precision(path, model):
    command = [sys.executable, "-c", INFER]
    environment = {**os.environ, "JAX_ENABLE_X64": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["float64", "1"]
    # And weights of double precision in single.
    tensors, data = load_file(path), metadata(path)
    save_file({name: value.astype(np.float64) for name, value in tensors.items()}, path, data)
    assert eqx.tree_equal(load_weights(path), model)


def test_saving_replaces_and_makes_folders(tiny, model, tmp_path):
    path = tmp_path / "new" / "m.safetensors"
    save_weights(model, path)
    other = tiny(seed=1)
    save_weights(other, path)
    assert eqx.tree_equal(load_weights(path), other)
    assert os.listdir(path.parent) == ["m.safetensors"]


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.1, 0.999])
def test_truncated(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(path, "not a whole safetensors file")


def test_altered_header(path):
    data = bytearray(path.read_bytes())
    data[20:24] = b"}}}}"
    path.write_bytes(data)
    refused(path, "not a whole safetensors file")


def test_a_header_longer_than_any_file(path):
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])
    refused(path, "not a whole safetensors file")


@pytest.mark.parametrize("content", [b"", b"weights?\n", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_another_kind_of_file(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    refused(path, "not a whole safetensors file")


class Trap:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_a_pickle_is_never_opened(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    refused(path, "not a whole safetensors file")


def test_weights_of_another_program(tmp_path):
    path = tmp_path / "resnet.safetensors"
    save_file({"conv1.weight": np.zeros((2, 2), np.float32)}, path, {"format": "pt"})
    refused(path, "weights of another program .*'pt'")
    save_file({"conv1.weight": np.zeros((2, 2), np.float32)}, path)
    refused(path, "weights of another program")


@pytest.mark.parametrize(
    "change",
    [
        {"n_hidden": 9},
        {"image_shape": [3, 12, 12]},
        {"image_shape": [1, 12, 10]},
        {"n_what": 3},
        {"n_cells": 5},
    ],
)
def test_tensors_that_do_not_fit_the_configuration(path, change):
    tensors, data = load_file(path), metadata(path)
    config = {**json.loads(data["config"]), **change}
    save_file(tensors, path, {**data, "config": json.dumps(config)})
    refused(path, "the tensor .* does not fit its configuration")


def test_a_tensor_missing_added_or_of_another_type(path):
    tensors, data = load_file(path), metadata(path)
    name = next(iter(tensors))
    rest = {key: value for key, value in tensors.items() if key != name}
    for wrong in (
        rest,
        {**tensors, "extra": tensors[name]},
        {**rest, name: tensors[name].view(np.int32)},
    ):
        save_file(wrong, path, data)
        refused(path, "the tensor .* does not fit its configuration")


@pytest.mark.parametrize(
    "config",
    [
        None,
        "",
        "{",
        "[]",
        "3",
        '{"image_shape": 3}',
        '{"image_shape": [1, 12]}',
        '{"image_shape": [2, 12, 12]}',
        '{"image_shape": [1, 12, -12]}',
        '{"image_shape": [1, 12, "12"]}',
        '{"image_shape": [1, 12, 12], "n_what": -1}',
        '{"image_shape": [1, 12, 12], "n_steps": 0}',
        '{"image_shape": [1, 12, 12], "n_steps": "3"}',
        '{"image_shape": [1, 12, 12], "sigma": NaN}',
        '{"image_shape": [1, 12, 12], "object_size": 0.0}',
        '{"image_shape": [1, 12, 12], "sigma": 0.0}',
        '{"image_shape": [1, 12, 12], "colour": true}',
        '{"image_shape": [1, 12, 12], "posterior": "feedforward"}',
    ],
)
def test_unreadable_configurations(path, config):
    tensors = load_file(path)
    text = {} if config is None else {"config": config}
    save_file(tensors, path, {"format": "airscene-air-1", **text})
    refused(path, "no readable configuration")


def test_missing(tmp_path):
    refused(tmp_path / "none.safetensors", "no weights at .*; give a run folder")
    refused(tmp_path, "no weights at")


def test_a_folder_that_cannot_be_written(model, tmp_path):
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(InputError, match="cannot write"):
        save_weights(model, tmp_path / "file" / "m.safetensors")
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_a_full_disk_keeps_the_old_weights(tiny, model, path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        save_weights(tiny(seed=1), path)
    assert eqx.tree_equal(load_weights(path), model)
    assert os.listdir(path.parent) == [path.name]


def test_metadata_are_added_and_taken_away_and_no_tensor_changes(model, path):
    data = path.read_bytes()
    assert with_metadata(data) == data
    more = with_metadata(data, unlike='{"a": "\u00e9"}')
    path.write_bytes(more)
    assert metadata(path) == {**metadata_of(data, path.with_name("o")), "unlike": '{"a": "\u00e9"}'}
    assert eqx.tree_equal(load_weights(path), model)
    assert with_metadata(more, unlike=None) == data
    assert with_metadata(more, unlike="other") == with_metadata(data, unlike="other")


def metadata_of(data, path):
    path.write_bytes(data)
    return metadata(path)


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_weights_without_what_is_unlike_are_what_they_were(name):
    """Adding metadata keeps the order of the header, so that files can be told by their hash."""
    data = bundled_models()[name].read_bytes()
    assert with_metadata(data, unlike="x")[-1000:] == data[-1000:]
    plain = with_metadata(data, unlike=None)
    assert with_metadata(with_metadata(plain, unlike="x"), unlike=None) == plain
