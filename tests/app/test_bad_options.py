"""What the commands say of options, models, folders and data that they cannot use."""

import gzip
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from airscene.app.cli import main
from airscene.images.sets.digits import SPLIT_FILES

TINY = ("--digits", "bundled", "--n-train", "50", "--n-test", "10", "--n-hidden", "4")
TINY += (
    "--n-features",
    "4",
    "--n-layer",
    "4",
    "--n-what",
    "2",
    "--n-cells",
    "4",
    "--batch-size",
    "2",
)
TINY += ("--steps", "2", "--evaluate-every", "1", "--save-every", "1")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["train"], "Expected one of {multi-mnist-fast"),
        (["nonsense"], "Available subcommands: train, images, infer, render"),
        ([], "Expected one of {train, images, infer"),
        (["train", "multi-mnist", "--steps", "x"], "--steps: invalid literal"),
        (["train", "multi-mnist", "--stops", "3"], "Unrecognized options: --stops"),
        (["train", "multi-mnist", "--steps", "0"], "--steps is 0; it should be"),
        (["train", "multi-mnist", "--seed", "-1"], "--seed is -1; it should be"),
        (
            ["train", "single-object", "--labels", "type", "--cross-entropy", "2"],
            "--cross-entropy does nothing with --labels; leave it out",
        ),
        (
            ["train", "tabletop", "--estimator", "score", "--prefix", "0.1"],
            "--prefix does nothing with the estimator score; leave it out",
        ),
        (
            ["train", "multi-mnist", "--estimator", "score", "--purely-neural"],
            "--purely-neural does nothing with the estimator score; give --no-purely-neural",
        ),
        (
            ["train", "multi-mnist", "--whole-signal"],
            "--whole-signal does nothing with the estimator enumerated; give --no-whole-signal",
        ),
        (
            ["train", "air-paper", "--estimator", "score"],
            "--purely-neural does nothing with the estimator score; give --no-purely-neural",
        ),
        (
            ["train", "multi-mnist", "--seed", str(2**32)],
            "should be a whole number from 0 to 2**32",
        ),
        (["train", "multi-mnist", "--learning-rate", "nan"], "--learning-rate is nan; it should"),
        (["train", "multi-mnist", "--learning-rate", "inf"], "--learning-rate is inf; it should"),
        (["train", "multi-mnist", "--object-size", "1.5"], "--object-size is 1.5; it should be"),
        (["train", "multi-mnist", "--n-steps", "0"], "--n-steps is 0; it should be"),
        (["train", "multi-mnist", "--count-prior", "geometric(2)"], "should be geometric(rho)"),
        (["train", "multi-mnist", "--count-prior", "table(1,2)"], "table(w0, .., w3)"),
        (["train", "multi-mnist", "--counts", "-1"], "--counts is -1; it should be"),
        (["train", "multi-mnist", "--image-size", "0"], "--image-size is 0; it should be"),
        (["train", "multi-mnist", "--images", "x"], "--images is not for multi-mnist"),
        (
            ["train", "multi-mnist-shrunk", "--digit-size", "9"],
            "--digit-size is not for multi-mnist-shrunk",
        ),
        (["train", "multi-mnist", "--save-every", "150"], "a multiple of --evaluate-every"),
        (
            ["train", "multi-mnist", "--count-penalty-release", "0.9", "0.1"],
            "the second above the first",
        ),
        (["train", "small-images"], "no images given"),
        (["train", "small-images", "--images", "x", "--counts", "1"], "--counts is not for images"),
        (["train", "sprites", "--digits", "bundled"], "--digits is not for sprites"),
        (["train", "sprites", "--counts", "3"], "at most 2 sprites"),
        (["train", "omniglot", "--n-test", "9"], "--n-test is not for omniglot"),
        (["train", "multi-mnist", "--omniglot", "x"], "--omniglot is not for multi-mnist"),
        (["data", "omniglot", "--digits", "x", "--out", "x.npz"], "--digits is not for omniglot"),
        (["data", "omniglot", "--omniglot", "nowhere", "--out", "x.npz"], "no Omniglot in nowhere"),
        (["train", "multi-mnist", "--n-train", str(10**11)], "do not fit in memory"),
        (["train", "multi-mnist", "--out", "x" * 300], "File name too long"),
        (["infer", "x" * 300, "x.png"], "there is no model"),
        (["infer", "multi-mnist"], "no images given"),
        (["infer", "multi-mnist", "x.png", "--samples", "-1"], "--samples is -1"),
        (
            ["infer", "multi-mnist", "x.png", "--out", "x.png"],
            "--out is x.png; it should be the name of a .json, .csv or .coco.json file",
        ),
        (["infer", "multi-mnist", "x.png", "--objects"], "--objects is for tables"),
        (["infer", "multi-mnist", "x.png", "--masks", "m", "--samples", "2"], "--masks is of the"),
        (
            ["infer", "multi-mnist", "x.png", "--out", "x.coco.json", "--samples", "2"],
            "--out FILE.coco.json is of the posterior means; leave out --samples",
        ),
        (["infer", "multi-mnist", "x.png", "--on-error", "ask"], "--on-error"),
        (["infer", "nothing", "x.png"], "there is no model 'nothing'"),
        (["infer", "multi-mnist", "x.png", "--steps", "0"], "--steps is 0; it should be a whole"),
        (["evaluate", "multi-mnist", "--steps", "101"], "--steps is 101; it should be a whole"),
        (["evaluate", "multi-mnist", "--scenes", "0"], "--scenes is 0"),
        (["evaluate", "multi-mnist", "nothing"], "DATA is 'nothing'; it should be one of multi-"),
        (["infer", "multi-mnist", "x.png", "--object-price", "0.1"], "is for models of patches"),
        (["data", "nothing"], "there are: many-digits, multi-dsprites, multi-mnist, multi-mnist-"),
        (["data", "sprites", "--ground", "textured", "--out", "x.npz"], "--ground is not for spri"),
        (["data", "omniglot", "--ground", "textured", "--out", "x.npz"], "--ground is not for omn"),
        (
            ["data", "omniglot", "--overlapping", "over", "--out", "x.npz"],
            "--overlapping is not for",
        ),
        (
            ["data", "sprites", "--omniglot-part", "whole", "--out", "x.npz"],
            "--omniglot-part is not",
        ),
        (
            ["train", "sprites", "--composition", "none"],
            "composition is 'none'; it should be one of",
        ),
        (["data", "tetrominoes", "--digits", "x", "--out", "x.npz"], "--digits is not for tetrom"),
        (["evaluate", "multi-mnist", "sprites", "--scenes", "2"], "takes grey images"),
        (["evaluate", "sprites", "multi-mnist", "--scenes", "2"], "takes colour images"),
        (["sample", "multi-mnist", "--n", "0"], "--n is 0"),
        (["sample", "multi-mnist", "--out", "x.jpg"], "should be the name of a .png file"),
        (["reproduce", "nothing"], "there is no result 'nothing'"),
        (["data", "multi-mnist"], "should be the name of a .npz file"),
        (["data", "multi-mnist", "--n", "0", "--out", "x.npz"], "--n is 0; it should be"),
    ],
)
def test_a_bad_option(arguments, wanted, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert wanted in refused(*arguments)
    assert list(tmp_path.iterdir()) == []


def other_program(path):
    save_file({"x": np.zeros(3, np.float32)}, path)


def cut(path, weights):
    path.write_bytes(weights.read_bytes()[:-100])


def altered(path, weights):
    data = bytearray(weights.read_bytes())
    data[20] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("kind", ["cut", "altered", "other program", "not safetensors", "pickle"])
def test_bad_weights(kind, weights, tmp_path, refused, images):
    path = tmp_path / "model.safetensors"
    if kind == "cut":
        cut(path, weights)
    elif kind == "altered":
        altered(path, weights)
    elif kind == "other program":
        other_program(path)
    else:
        path.write_bytes(b"weights" if kind == "not safetensors" else pickle.dumps({"x": [1]}))
    np.save(tmp_path / "x.npy", images)
    line = refused("infer", path, tmp_path / "x.npy", "--out", tmp_path / "scenes.json")
    assert "model.safetensors" in line
    assert not (tmp_path / "scenes.json").exists()


def test_a_run_without_weights(tmp_path, refused):
    assert "finish it with --resume" in refused("infer", tmp_path, "x.png")


def test_a_model_of_unknown_data(weights, refused):
    assert "name the DATA" in refused("evaluate", weights)


def test_a_count_that_the_model_cannot_draw(weights, tmp_path, refused):
    line = refused("sample", weights, "--counts", "5", "--out", tmp_path / "x.png")
    assert "draws 0 to 2 objects" in line
    assert list(tmp_path.iterdir()) == []


def test_digits_that_do_not_fit(tmp_path, refused):
    out = tmp_path / "run"
    line = refused(
        "train", "multi-mnist", *TINY, "--counts", "9", "--image-size", "30", "--out", out
    )
    assert "no room for a count of 9" in line
    assert not out.exists()


@pytest.mark.parametrize("fault", ["truncated", "altered", "a part missing", "nothing"])
def test_a_damaged_mnist_file(fault, tmp_path, refused):
    data, out = tmp_path / "mnist", tmp_path / "run"
    data.mkdir()
    images, labels = SPLIT_FILES["train"]
    if fault != "nothing":
        size = 16 + 60_000 * 28 * 28
        whole = bytes(size if fault == "altered" else size // 2)
        (data / f"{images}.gz").write_bytes(gzip.compress(whole, 1))
        if fault != "a part missing":
            (data / labels).write_bytes(bytes(8 + 60_000))
    line = refused("train", "multi-mnist", "--digits", data, "--out", out)
    assert str(data) in line
    assert not out.exists()


def test_a_folder_that_exists_is_left_alone(tmp_path, refused):
    out = tmp_path / "run"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert "exists already" in refused("train", "multi-mnist", *TINY, "--out", out)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written(tmp_path, refused):
    if os.geteuid() == 0:
        # Permissions do not bind root: a file where a folder should be does.
        (tmp_path / "file").write_text("mine")
        out = tmp_path / "file" / "run"
    else:
        (tmp_path / "locked").mkdir(mode=0o500)
        out = tmp_path / "locked" / "run"
    assert "is not a folder to write in" in refused("train", "multi-mnist", *TINY, "--out", out)


def test_nothing_to_resume(tmp_path, refused):
    line = refused("train", "multi-mnist", *TINY, "--out", tmp_path / "run", "--resume")
    assert "no run in" in line
    assert not (tmp_path / "run").exists()


def test_resuming_with_another_configuration(tmp_path, refused):
    from airscene.runs.folder import write_config
    from airscene.runs.identity import identity
    from airscene.runs.presets import PRESETS

    out = tmp_path / "run"
    out.mkdir()
    preset = PRESETS["multi-mnist"].override(digits="bundled", n_train=50, n_test=10)
    training = replace(preset.training, learning_rate=1e-5)
    other = replace(preset, training=training)
    write_config(out, other, identity(preset.name, training.seed, other))
    options = ("--digits", "bundled", "--n-train", "50", "--n-test", "10")
    line = refused("train", "multi-mnist", *options, "--out", out, "--resume")
    assert "training.learning_rate 1e-05, not" in line
    assert [p.name for p in out.iterdir()] == ["config.json"]


def test_a_full_disk(weights, images, tmp_path, refused, monkeypatch):
    np.save(tmp_path / "x.npy", images)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = refused("infer", weights, tmp_path / "x.npy", "--out", tmp_path / "scenes.json")
    assert "No space left on device" in line
    assert [p.name for p in tmp_path.iterdir()] == ["x.npy"]


def test_a_full_disk_before_training(tmp_path, capsys, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["train", "multi-mnist", *TINY, "--out", str(tmp_path / "run")]) == 2
    # Above it stands where the digits come from.
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("airscene: cannot write")
    assert "No space left on device" in line


def test_more_than_there_is_memory_for(refused, monkeypatch):
    def full(self, console):
        raise MemoryError("Unable to allocate 7 TiB")

    monkeypatch.setattr("airscene.app.data.Data.run", full)
    line = refused("data", "multi-mnist", "--out", "a.npz")
    assert "not enough memory for that (Unable to allocate 7 TiB)" in line


def test_a_complete_run_without_what_it_reached(tmp_path, refused, monkeypatch):
    monkeypatch.setattr("airscene.runs.fit.fit", lambda *given, **options: None)
    line = refused("train", "multi-mnist", "--resume", "--out", tmp_path)
    assert f"cannot be read from {tmp_path / 'evaluation.json'}" in line
    assert f"airscene evaluate {tmp_path}" in line
