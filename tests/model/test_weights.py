"""Weights go round bit by bit; files that are not weights are refused in one line."""

import json
import os
import pickle

import equinox as eqx
import jax
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from airscene.errors import InputError
from airscene.model.weights import load_weights, save_weights


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


def test_weights_from_before_there_was_a_choice_of_posterior(model, path):
    tensors, data = load_file(path), metadata(path)
    config = json.loads(data["config"])
    assert config.pop("posterior") == "recurrent"
    save_file(tensors, path, {**data, "config": json.dumps(config)})
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
        {**rest, name: tensors[name].astype(np.float64)},
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
        "{}",
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
