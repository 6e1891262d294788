"""The commands, as they are typed."""

import json
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from PIL import Image

from airscene import Scenes
from airscene.app.cli import main
from airscene.graphics import PlaneRenderer, RenderPool
from airscene.runs.presets import PRESETS
from airscene.runs.scene_source import TEST_SEED, draw_scenes


@pytest.fixture
def file(tmp_path, images):
    path = tmp_path / "x.npz"
    np.savez(path, images=images)
    return path


def test_infer_writes_the_contract(weights, file, tmp_path):
    out = tmp_path / "scenes.json"
    assert main(["infer", str(weights), str(file), "--out", str(out)]) == 0
    scenes = json.loads(out.read_text())
    assert scenes.keys() == {"model", "image_size", "images"}
    assert scenes["model"] == "tiny"
    assert scenes["image_size"] == [12, 16]
    assert [image["source"] for image in scenes["images"]] == [f"{file}[{i}]" for i in range(3)]
    for image in scenes["images"]:
        assert image.keys() == {"source", "count", "count_probs", "objects"}
        assert image["count"] == np.argmax(image["count_probs"]) == len(image["objects"])
        assert sum(image["count_probs"]) == pytest.approx(1.0, abs=1e-3)
        for thing in image["objects"]:
            assert thing.keys() == {"presence", "window", "box", "what"}


def test_infer_prints_the_same_without_a_file(weights, file, tmp_path, capsys):
    main(["infer", str(weights), str(file), "--out", str(tmp_path / "scenes.json")])
    capsys.readouterr()
    assert main(["infer", str(weights), str(file)]) == 0
    assert capsys.readouterr().out == (tmp_path / "scenes.json").read_text()


def test_infer_draws_overlays_beside_the_images_and_not_over_them(weights, tmp_path, images):
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    before = {p: p.read_bytes() for p in tmp_path.glob("*.png")}
    arguments = ["infer", str(weights), str(tmp_path), "--overlay", str(tmp_path)]
    assert main([*arguments, "--out", str(tmp_path / "scenes.json")]) == 0
    assert all(p.read_bytes() == content for p, content in before.items())
    for i in range(3):
        with Image.open(tmp_path / f"{i}-overlay.png") as picture:
            assert picture.width >= 16


def test_infer_names_overlays_of_one_file_by_index(weights, file, tmp_path):
    arguments = ["infer", str(weights), str(file), "--overlay", str(tmp_path / "pictures")]
    assert main(arguments) == 0
    names = {p.name for p in (tmp_path / "pictures").glob("*.png")}
    assert names == {f"x-{i}-overlay.png" for i in range(3)}


def test_infer_draws_samples(weights, file, capsys):
    assert main(["infer", str(weights), str(file), "--samples", "2", "--seed", "3"]) == 0
    scenes = Scenes.from_json(capsys.readouterr().out)
    assert [scene.sample for scene in scenes] == [0, 1] * 3


def test_infer_resizes_when_asked(weights, tmp_path, capsys):
    Image.fromarray(np.zeros((24, 32), np.uint8)).save(tmp_path / "x.png")
    assert main(["infer", str(weights), str(tmp_path / "x.png"), "--resize"]) == 0
    assert Scenes.from_json(capsys.readouterr().out)[0].image_size == (24, 32)


def test_sample_draws_a_picture(weights, tmp_path):
    out = tmp_path / "samples.png"
    assert main(["sample", str(weights), "--n", "5", "--counts", "1", "--out", str(out)]) == 0
    with Image.open(out) as picture:
        assert picture.width > 16


def test_data_writes_scenes(tmp_path):
    out = tmp_path / "scenes.npz"
    assert main(["data", "multi-mnist", "--digits", "bundled", "--n", "7", "--out", str(out)]) == 0
    with np.load(out) as arrays:
        assert arrays["images"].shape == (7, 50, 50)
        assert arrays["counts"].shape == (7,)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        (["tetrominoes"], (35, 35, 3)),
        (["multi-dsprites", "--ground", "textured"], (64, 64, 3)),
        (["many-digits", "--digits", "bundled"], (128, 128)),
    ],
)
def test_data_writes_masks_where_they_are_known(arguments, shape, tmp_path, capsys):
    out = tmp_path / "scenes.npz"
    assert main(["data", *arguments, "--n", "5", "--out", str(out)]) == 0
    with np.load(out) as arrays:
        assert arrays["images"].shape == (5, *shape)
        assert arrays["masks"].shape == (5, *shape[:2]) and arrays["masks"].dtype == np.uint8
        assert arrays["masks"].max() == arrays["counts"].max()
    assert main(["data", "--digits", "bundled"]) == 0
    assert arguments[0] in capsys.readouterr().out.partition("for data:")[2]


def test_data_draws_sprites_that_cover_each_other(tmp_path):
    found = {}
    for how in ("sum", "over"):
        out = tmp_path / f"{how}.npz"
        options = ["--overlapping", how, "--n", "20", "--out", str(out)]
        assert main(["data", "sprites", *options]) == 0
        found[how] = np.load(out)
    assert np.array_equal(found["sum"]["labels"], found["over"]["labels"])
    assert found["over"]["images"].max() == 255
    one = found["sum"]["counts"] == 1
    assert found["sum"]["images"][one].max() == 127


def test_data_says_which_digits_are_in_use(capsys):
    assert main(["data", "--digits", "bundled"]) == 0
    said = capsys.readouterr().out
    assert "multi-mnist-shrunk" in said
    assert "the bundled subset of 10,000" in said


def test_models_lists_weights_and_experiments(capsys):
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "multi-mnist-fast" in said
    assert "tabletop-camera" in said.partition("airscene[3d]")[2]


def test_data_of_3d_scenes_is_that_held_out(tmp_path, monkeypatch, capsys, refused):
    make = partial(RenderPool, partial(PlaneRenderer, (16, 16)), workers=1)
    monkeypatch.setattr("airscene.runs.scene_source.make_pool", lambda preset: make())
    out = tmp_path / "scenes.npz"
    assert main(["data", "tabletop-distinct", "--n", "9", "--out", str(out)]) == 0
    truth = draw_scenes(PRESETS["tabletop-distinct"], 9, seed=TEST_SEED)
    with np.load(out) as arrays:
        assert {name: arrays[name].tolist() for name in vars(truth)} == {
            name: value.tolist() for name, value in vars(truth).items()
        }
        assert np.array_equal(arrays["images"], PlaneRenderer((16, 16)).render(truth))
        assert np.array_equal(arrays["counts"], truth.present.sum(axis=1))
    capsys.readouterr()
    for option in (["--split", "train"], ["--digits", "bundled"]):
        line = refused("data", "tabletop", "--out", str(out), *option)
        assert f"{option[0]} is not for tabletop" in line


@pytest.mark.parametrize(
    "command", ["train", "infer", "render", "evaluate", "sample", "reproduce", "models", "data"]
)
def test_help_gives_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"airscene {command}" in capsys.readouterr().out.split("Example:")[1]


def test_help_and_wrong_options_need_no_jax():
    code = (
        "import sys\nfrom airscene.app.cli import main\n"
        "assert main(['train', 'multi-mnist', '--steps', '0']) == 2\nprint('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_reader_that_stops_reading_is_no_error():
    command = f"{sys.executable} -m airscene.app.cli models | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""
