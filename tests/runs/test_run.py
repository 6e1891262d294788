"""A run from preset to folder: what it leaves, what it refuses, what options it takes."""

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from airscene import schema
from airscene.errors import InputError, InputWarning
from airscene.images import load_digits, multi_mnist
from airscene.images.config import DataConfig
from airscene.images.estimates import estimate_object_size
from airscene.inference import load
from airscene.model.config import AIRConfig
from airscene.runs.fit import fit
from airscene.runs.folder import InTheWay, check_folder
from airscene.runs.preset import Preset
from airscene.runs.presets import NETWORKS, PRESETS
from airscene.runs.tasks.images import ImageTask
from airscene.training.config import TrainConfig
from airscene.training.record import read_metrics

sys.path.insert(0, str(Path(__file__).parent))
from recipes import check_recipe  # noqa: E402

SMALL = {"n_what": 4, "n_cells": 5, "n_hidden": 8, "n_features": 8, "n_layer": 8, "n_steps": 2}
TRAINING = TrainConfig(
    steps=12, learning_rate=0.005, batch_size=4, evaluate_every=5, save_every=5, seed=3
)
PRESET = Preset(
    name="tiny",
    about="Small digits, hardly trained.",
    example="",
    data=DataConfig(digits="bundled", image_size=20, digit_size=9, n_train=200, n_test=50),
    model=AIRConfig(object_size=0.0, **SMALL),
    training=TRAINING,
)


def go(preset, folder, **options):
    return fit(preset, folder, console=Console(file=io.StringIO()), **options)


def content(folder):
    """Every file below a folder, and what it holds."""
    files = [f for f in Path(folder).rglob("*") if f.is_file()]
    return {str(f.relative_to(folder)): f.read_bytes() for f in files}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "first"
    return folder, go(PRESET, folder)


def test_a_run_leaves_what_is_documented(run):
    folder, _ = run
    assert sorted(f.name for f in folder.iterdir()) == [
        "checkpoints",
        "config.json",
        "evaluation.json",
        "figures",
        "metrics.jsonl",
        "model.safetensors",
        "report.html",
        "scenes.json",
        "stages",
    ]
    pictures = "calibration confusion counts heatmaps reconstructions samples".split()
    figures = {f"{name}.{kind}" for name in pictures for kind in ("png", "json")}
    assert {f.name for f in (folder / "figures").iterdir()} == {
        *figures,
        "learning.gif",
        "learning.json",
    }
    steps = [5, 10, 12]
    assert [row["step"] for row in read_metrics(folder / "metrics.jsonl")] == steps
    assert sorted(int(f.stem) for f in (folder / "stages").iterdir()) == steps
    assert not any(".tmp" in name for name in content(folder))
    for figure in (folder / "figures").glob("*.json"):
        json.loads(figure.read_text())
    assert "tiny" in (folder / "report.html").read_text()


def test_the_recipe_behaves_as_before(run):
    check_recipe("air", run[0])


@pytest.mark.slow
def test_that_of_the_difference_network_too(tmp_path, monkeypatch):
    model = replace(PRESET.model, where_proposal="difference")
    training = replace(TRAINING, estimator="score-baseline")
    preset = replace(PRESET, name="tiny-dair", model=model, training=training)

    class Trained(Exception):
        pass

    def trained(*_):
        raise Trained

    # What comes after the training measures nothing that is compared.
    monkeypatch.setattr(ImageTask, "evaluate", trained)
    with pytest.raises(Trained):
        go(preset, tmp_path / "dair")
    check_recipe("dair", tmp_path / "dair")


def test_metrics_are_of_the_held_out_scenes(run):
    folder, model = run
    last = read_metrics(folder / "metrics.jsonl")[-1]
    held_out = PRESET.data.load("test")
    counts = model.infer(held_out.images).counts
    assert last["count_accuracy"] == pytest.approx(np.mean(counts == held_out.counts))
    assert last["mean_count"] == pytest.approx(counts.mean())
    evaluation = json.loads((folder / "evaluation.json").read_text())
    assert evaluation["count_accuracy"] == last["count_accuracy"]
    assert evaluation["scenes"] == 50


def test_the_configuration_says_all_that_decides_the_run(run):
    folder, model = run
    config = json.loads((folder / "config.json").read_text())
    parts = {"data": DataConfig, "model": AIRConfig, "training": TrainConfig}
    back = {name: schema.read(kind, config[name]) for name, kind in parts.items()}
    assert config["name"] == "tiny" and config["schema"] == schema.SCHEMA
    assert (back["data"], back["training"]) == (PRESET.data, TRAINING)
    # The model as it followed from the images.
    assert back["model"] == model.air.config
    assert model.air.config.image_shape == (1, 20, 20)
    estimate = estimate_object_size(PRESET.data.load("train").images)
    assert model.air.config.object_size == estimate > 0
    assert replace(back["model"], object_size=0.0, image_shape=(1, 50, 50)) == PRESET.model


def test_the_weights_are_those_of_the_model(run):
    folder, model = run
    loaded = load(folder)
    assert loaded.name == model.name == "first"
    assert eqx.tree_equal(loaded.air, model.air)


def test_a_run_in_another_thread_is_the_same(run, tmp_path):
    """There no signal can be handled, which is no reason not to train."""
    _, model = run
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(go, PRESET, tmp_path / "first").result()
    assert eqx.tree_equal(other.air, model.air)


def test_nothing_is_overwritten(run, tmp_path):
    folder, _ = run
    before = content(folder)
    other = replace(PRESET, training=replace(TRAINING, learning_rate=1e-3))
    for preset, resume, message in [
        (PRESET, False, "exists already: give another --out, or --resume"),
        (other, True, r"has training.learning_rate 0.005, not 0.001: give the options"),
    ]:
        with pytest.raises(InTheWay, match=message):
            go(preset, folder, resume=resume)
    (tmp_path / "file").write_text("kept")
    for place, message in [
        (tmp_path / "file", "is not a folder to write in"),
        (tmp_path / "file" / "run", "is not a folder to write in"),
    ]:
        with pytest.raises(InputError, match=message):
            go(PRESET, place)
    for place in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="there is no run in .* to resume"):
            go(PRESET, place, resume=True)
    assert content(folder) == before
    assert content(tmp_path) == {"file": b"kept"} and len(list(tmp_path.iterdir())) == 1


def test_what_an_end_in_the_midst_of_writing_leaves_is_not_in_the_way(tmp_path):
    (tmp_path / ".0123456789abcdef.tmp").write_text('{"experi')
    check_folder(tmp_path, resume=False)
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InTheWay, match="exists already"):
        check_folder(tmp_path, resume=False)


def test_a_configuration_that_is_not_json(tmp_path):
    (tmp_path / "config.json").write_text('{"experiment": "ti')
    with pytest.raises(InTheWay, match="config.json does not say what run it is of"):
        go(PRESET, tmp_path, resume=True)
    assert content(tmp_path) == {"config.json": b'{"experiment": "ti'}


def test_images_that_are_not_there_leave_no_folder(tmp_path):
    data = DataConfig(kind="images", images=(str(tmp_path / "*.png"),))
    with pytest.raises(InputError, match="nothing matches"):
        go(replace(PRESET, data=data), tmp_path / "run")
    with pytest.raises(InputError, match="no images given"):
        go(replace(PRESET, data=DataConfig(kind="images")), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_images_of_ones_own(tmp_path):
    """Colour pictures without truth: no accuracy, and every tenth is held out."""
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    pictures = np.zeros((20, 14, 16, 3), np.uint8)
    for i, picture in enumerate(pictures):
        x, y = rng.integers(0, 9, 2)
        picture[y : y + 5, x : x + 5] = [250, 10 * i, 90]
        Image.fromarray(picture).save(tmp_path / "pictures" / f"{i:02d}.png")
    data = DataConfig(kind="images", images=(str(tmp_path / "pictures"),))
    preset, training, held_out = replace(PRESET, data=data).load()
    assert np.array_equal(held_out.images, pictures[9::10])
    assert np.array_equal(training.images, np.delete(pictures, [9, 19], axis=0))
    assert set(training.counts) == {-1}
    # Five pixels and half a one on each side, of 14.
    assert preset.model.image_shape == (3, 14, 16)
    assert preset.model.object_size == pytest.approx(6 / 14, abs=1e-3)

    model = go(PRESET.override(**asdict(data), n_steps=1, steps=5), tmp_path / "run")
    assert model.image_size == (14, 16)
    (row,) = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert "count_accuracy" not in row and row["mean_count"] >= 0
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text()) == {}
    figures = tmp_path / "run" / "figures"
    assert not (figures / "confusion.png").exists()
    # JSON has no NaN: an accuracy that is not known is null.
    for name in ("reconstructions", "learning"):
        (stage,) = json.loads((figures / f"{name}.json").read_text())["stages"]
        assert stage["count_accuracy"] is None
    assert load(tmp_path / "run").infer(pictures[:2]).image_size == (14, 16)


@pytest.mark.parametrize(("n", "held_out"), [(2, [1]), (3, [2]), (9, [8]), (10, [9]), (11, [9])])
def test_images_in_an_array_file(tmp_path, n, held_out):
    """At least one is held out, and none of those is trained on."""
    images = np.arange(n * 8 * 8).astype(np.uint8).reshape(n, 8, 8)
    np.save(tmp_path / "x.npy", images)
    data = DataConfig(kind="images", images=(str(tmp_path / "x.npy"),))
    with pytest.warns(InputWarning, match=f"^there are {n} images to train on; .* thousands"):
        training = data.load("train")
    assert np.array_equal(training.images, np.delete(images, held_out, axis=0))
    assert np.array_equal(data.load("test").images, images[held_out])


def test_how_many_images_are_few(recwarn):
    data = DataConfig(kind="images")
    with pytest.raises(InputError, match="^there is 1 image to train on; .* at least 2"):
        data.load("train", np.zeros((1, 8, 8), np.uint8))
    data.load("train", np.zeros((1000, 8, 8), np.uint8))
    assert not recwarn


def test_scenes_follow_from_the_data_seed_and_the_split():
    data = PRESET.data
    train, test = data.load("train"), data.load("test")
    assert (len(train), len(test)) == (200, 50) and train.images.shape[1:] == (20, 20)
    assert np.array_equal(train.images, data.load("train").images)
    assert not np.array_equal(train.images, replace(data, data_seed=1).load("train").images)
    assert set(replace(data, counts=(3,), image_size=40).load("test").counts) == {3}
    shrunk = DataConfig(kind="multi-mnist-shrunk", digits="bundled", n_train=20).load("train")
    assert shrunk.images.shape == (20, 50, 50) and "shrunk" in shrunk.source


# A digit's ink is about 20 of its 28 pixels high, and the estimate is the window that holds it.
@pytest.mark.parametrize(("digit_size", "image_size"), [(28, 50), (14, 50), (9, 25)])
def test_the_object_size_is_estimated(digit_size, image_size):
    digits = load_digits("train", "bundled")
    options = {"image_size": image_size, "digit_size": digit_size}
    images = multi_mnist(digits, 300, seed=0, **options).images
    size = estimate_object_size(images)
    assert 0.6 * digit_size < size * image_size < 1.0 * digit_size
    # In colour as in grey.
    assert estimate_object_size(np.stack([images // 2, images, images // 3], axis=-1)) == size


def test_object_sizes_that_cannot_be_estimated():
    with pytest.raises(InputError, match="all black"):
        estimate_object_size(np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(InputError, match="fill the images"):
        estimate_object_size(np.full((3, 8, 8), 200, np.uint8))


def test_every_preset_has_its_name_and_its_data():
    own = {name: preset for name, preset in PRESETS.items() if name not in NETWORKS}
    assert all(own[preset.name] is preset for preset in NETWORKS.values())
    for name, preset in own.items():
        assert preset.name == name and preset.about.endswith(".")
        # As files hold it, and no two of one identity.
        said = schema.whole(preset)
        parts = (
            ("data", "model", "training") if isinstance(preset, Preset) else ("model", "training")
        )
        for part in parts:
            assert schema.read(type(getattr(preset, part)), said[part]) == getattr(preset, part)
    changes = [json.dumps(schema.changes(preset)) for preset in own.values()]
    assert len(set(changes)) == len(own)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (TrainConfig, {"steps": 0}),
        (TrainConfig, {"batch_size": 0}),
        (TrainConfig, {"learning_rate": 0.0}),
        (TrainConfig, {"learning_rate": float("nan")}),
        (TrainConfig, {"learning_rate": float("inf")}),
        (TrainConfig, {"warmup": -1}),
        (TrainConfig, {"clip_norm": -1.0}),
        (TrainConfig, {"count_penalty": -0.1}),
        (TrainConfig, {"count_penalty": float("inf")}),
        (TrainConfig, {"count_penalty_release": (0.5, 0.5)}),
        (TrainConfig, {"count_penalty_release": (0.0, 0.5)}),
        (TrainConfig, {"count_penalty_release": (0.5, 1.1)}),
        (TrainConfig, {"prefix": 1.1}),
        (TrainConfig, {"prefix_release": (0.6, 0.4)}),
        (TrainConfig, {"estimator": "importance"}),
        (TrainConfig, {"samples": 5}),
        (TrainConfig, {"estimator": "importance", "samples": -1}),
        (TrainConfig, {"seed": -1}),
        (TrainConfig, {"seed": 2**32}),
        (TrainConfig, {"evaluate_every": 0}),
        (TrainConfig, {"save_every": 150}),
        (AIRConfig, {"n_steps": 0}),
        (AIRConfig, {"n_what": 0}),
        (AIRConfig, {"n_cells": 0}),
        (AIRConfig, {"n_hidden": 0}),
        (AIRConfig, {"n_features": -1}),
        (AIRConfig, {"n_layer": 0}),
        (AIRConfig, {"image_shape": (2, 50, 50)}),
        (AIRConfig, {"image_shape": (1, 0, 50)}),
        (AIRConfig, {"object_size": -0.1}),
        (AIRConfig, {"object_size": 1.1}),
        (AIRConfig, {"object_size": float("nan")}),
        (AIRConfig, {"scale_spread": 0.0}),
        (AIRConfig, {"position_spread": float("inf")}),
        (AIRConfig, {"sigma": float("nan")}),
        (AIRConfig, {"count_prior": "geometric(1)"}),
        (AIRConfig, {"count_prior": "table(1, 2)"}),
        (DataConfig, {"image_size": 0}),
        (DataConfig, {"digit_size": 0}),
        (DataConfig, {"n_train": 0}),
        (DataConfig, {"n_test": -5}),
        (DataConfig, {"counts": ()}),
        (DataConfig, {"counts": (1, -1)}),
        (DataConfig, {"data_seed": -1}),
        (DataConfig, {"images": ("x.png",)}),
        (DataConfig, {"kind": "multi-mnist-shrunk", "digit_size": 14}),
    ],
    ids=str,
)
def test_options_out_of_range(kind, options):
    name = [*options][-1]
    with pytest.raises(InputError) as caught:
        kind(**options)
    message = str(caught.value)
    # It names the option as the command line spells it.
    assert name.replace("_", "-") in message.replace(" ", "-") and "\n" not in message


def test_options_at_the_ends_of_their_range():
    TrainConfig(
        steps=1,
        warmup=0,
        count_penalty=0.0,
        prefix=1.0,
        count_penalty_release=(0.5, 1.0),
        seed=2**32 - 1,
    )
    AIRConfig(n_steps=1, object_size=1.0, image_shape=(3, 1, 1), count_prior="poisson(2)")
    DataConfig(counts=(0,), digit_size=1, n_train=1, data_seed=0)


def test_a_run_does_not_go_on_with_other_images(tmp_path):
    """What a name or an array stands for may have changed since the run began."""
    images = np.zeros((20, 12, 12), np.uint8)
    images[:, 2:6, 3:7] = 255
    preset = replace(PRESET, data=DataConfig(kind="images"))
    config = {**schema.whole(preset.load(images)[0]), "images_sha256": "of other images"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="has images_sha256 of other images, not"):
        go(preset, tmp_path, images=images, resume=True)
    assert list(content(tmp_path)) == ["config.json"]
