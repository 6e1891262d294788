"""The commands on models of 3-D scenes, drawn by MuJoCo."""

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

from airscene.app.cli import main
from airscene.app.file_names import file_names
from airscene.errors import InputError
from airscene.graphics import SINGLE_OBJECT, TABLETOP
from airscene.graphics.look import Look, LookSpread
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.model.weights import save_weights
from airscene.runs.presets import own_scenes
from airscene.scene import PosedScenes, Scene, Scenes

BLOCKS = Path(__file__).parents[2] / "examples" / "blocks.xml"
OWN = ["--mjcf", str(BLOCKS), "--types", "bridge tower bar", "--camera", "above"]


@pytest.fixture(scope="module")
def opengl():
    if importlib.util.find_spec("mujoco") is None:
        pytest.skip("mujoco is not installed (pip install 'airscene[3d]')")
    from airscene.graphics.mujoco.context import make_context

    try:
        make_context(16, 16).free()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def posed(tmp_path_factory):
    """Untrained weights of a tiny model of a single object."""
    path = tmp_path_factory.mktemp("weights") / "posed.safetensors"
    config = InverseConfig.of(SINGLE_OBJECT, shrink=16, n_hidden=4)
    save_weights(InverseAIR(config, key=jax.random.key(0)), path, world="single-object")
    return path


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (150, 200), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_infer_and_render(opengl, posed, picture, tmp_path, capsys):
    out = tmp_path / "scenes.json"
    overlay = ["--overlay", str(tmp_path / "over")]
    assert main(["infer", str(posed), str(picture), "--out", str(out), *overlay]) == 0
    top = json.loads(out.read_text())
    assert (top["model"], top["world"], top["image_size"]) == ("posed", "single-object", [128, 128])
    assert top["images"][0]["source"] == str(picture) and "camera" not in top["images"][0]
    with Image.open(tmp_path / "over" / "photo-overlay.png") as drawn:
        assert drawn.width > 2 * 128
    # A cube, put into the file by hand.
    cube = {"presence": 1, "type": "cube", "position": [0.1, -0.1], "rotation": 0.5}
    top["images"] = [
        {"source": "a", "count": 1, "objects": [cube]},
        {"source": "a", "count": 0, "objects": []},
    ]
    out.write_text(json.dumps(top))
    assert main(["render", str(out), "--out", str(tmp_path / "drawn")]) == 0
    first, second = (
        np.asarray(Image.open(tmp_path / "drawn" / f"{name}-render.png"), int)
        for name in ("a", "a-2")
    )
    changed = np.abs(first - second).max(axis=2) > 0
    assert first.shape == (128, 128, 3) and 300 < changed.sum() < 4000
    assert first[changed].mean(axis=0).argmax() == 0  # red
    # The model draws the same, and the picture is what it should be.
    again = ["render", str(out), "--model", str(posed), "--out", str(tmp_path / "again")]
    assert main(again) == 0
    name = "a-render.png"
    assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "drawn" / name).read_bytes()
    capsys.readouterr()


def test_a_table_of_3d_scenes_without_the_damaged_ones(opengl, posed, picture, tmp_path, capsys):
    bad = picture.with_name("bad.png")
    bad.write_bytes(b"x")
    out, over = tmp_path / "x.csv", tmp_path / "over"
    arguments = ["infer", str(posed), str(tmp_path), "--no-refine", "--overlay", str(over)]
    assert main([*arguments, "--out", str(out)]) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"airscene: skipped {bad}: is not")
    first, second = (line.split(",") for line in out.read_text().splitlines()[1:])
    assert first in (["photo.png", count, "", "", ""] for count in "01")
    assert second[:4] == ["bad.png", "", "", ""] and second[4]
    assert [p.name for p in over.glob("*.png")] == ["photo-overlay.png"]


def test_evaluate_and_sample(opengl, posed, tmp_path, capsys):
    assert main(["evaluate", str(posed), "--scenes", "12"]) == 0
    said = capsys.readouterr()
    measured = json.loads(said.out)
    assert measured["scenes"] == 12 and measured["world"] == "single-object"
    assert 0 <= measured["count_accuracy"] <= 1 and np.isfinite(measured["bound"])
    assert "12 held-out scenes of the world single-object" in said.err
    out = tmp_path / "x.png"
    assert main(["sample", str(posed), "--n", "3", "--out", str(out)]) == 0
    assert out.exists()


@pytest.mark.slow
def test_an_mjcf_file_of_ones_own(opengl, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("airscene.runs.tasks.rendered.WATCHED", 12)
    few = lambda world: replace(own_scenes(world), n_test=12)  # noqa: E731
    monkeypatch.setattr("airscene.app.train.own_scenes", few)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    run, scenes, mjcf = tmp_path / "run", tmp_path / "scenes.json", tmp_path / "blocks.xml"
    mjcf.write_bytes(BLOCKS.read_bytes())
    options = [
        "--mjcf",
        str(mjcf),
        *OWN[2:],
        "--n-slots 1 --steps 1 --batch-size 2 --evaluate-every 1 --save-every 1",
    ]
    arguments = " ".join([*options, "--n-hidden 4"]).split()
    assert main(["train", "scenes", *arguments, "--out", str(run)]) == 0
    # On another machine the weights have the world in them.
    mjcf.unlink()
    picture = tmp_path / "picture.png"
    assert main(["sample", str(run), "--n", "1", "--out", str(picture)]) == 0
    assert main(["infer", str(run), str(picture), "--out", str(scenes)]) == 0
    assert re.fullmatch("blocks-[0-9a-f]{8}", json.loads(scenes.read_text())["world"])
    assert main(["render", str(scenes), "--model", str(run), "--out", str(tmp_path)]) == 0
    assert main(["evaluate", str(run), "--scenes", "8"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["world"].startswith("blocks-")
    assert main(["render", str(scenes), "--out", str(tmp_path)]) == 2
    assert "there is no world 'blocks-" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"--mjcf": "nowhere.xml"}, "nowhere.xml: No such file"),
        ({"--types": "bridge fork"}, "no body 'fork'; it has bridge, tower, bar"),
        ({"--camera": "below"}, "no camera 'below'; it has above"),
        ({"--orbit": "4"}, "orbit is 4.0; it should be 0 to pi radians"),
        ({"--symmetry": "1"}, "symmetry has 1 entries for 3 types"),
    ],
)
def test_worlds_that_cannot_be(changes, wanted, opengl, tmp_path, refused):
    options = {OWN[i]: OWN[i + 1] for i in range(0, len(OWN), 2)} | changes
    arguments = [a for name, value in options.items() for a in (name, *value.split())]
    assert wanted in refused("train", "scenes", *arguments, "--out", tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_run_is_evaluated_on_scenes_as_it_was_trained_on(opengl, tmp_path, monkeypatch, capsys):
    import airscene.graphics

    config = InverseConfig.of(TABLETOP, shrink=16, n_hidden=4)
    model = InverseAIR(config, key=jax.random.key(0))
    save_weights(model, tmp_path / "model.safetensors", world="tabletop")
    drawn, sample = [], airscene.graphics.sample_scenes

    def sample_and_keep(*args, **options):
        drawn.append(sample(*args, **options))
        return drawn[-1]

    monkeypatch.setattr(airscene.graphics, "sample_scenes", sample_and_keep)
    look = list(LookSpread(size=0.2))
    (tmp_path / "config.json").write_text(json.dumps({"repeats": False, "look": look}))
    assert main(["evaluate", str(tmp_path), "--scenes", "40"]) == 0
    assert (
        "scenes of the world tabletop, without repeats, of random looks" in capsys.readouterr().err
    )
    (truth,) = drawn
    assert all(len(set(t[t >= 0])) == (t >= 0).sum() for t in truth.types)
    assert 0.15 < np.abs(Look.unpack(truth.look).size).max() <= 0.2


def test_a_run_that_does_not_say_what_it_was_trained_on(posed, tmp_path, refused):
    (tmp_path / "model.safetensors").write_bytes(posed.read_bytes())
    look = ["a"] * 5 + [[0]]
    for values in ([], {"repeats": True, "look": look}, {"repeats": True, "look": [1]}):
        (tmp_path / "config.json").write_text(json.dumps(values))
        line = refused("evaluate", tmp_path)
        assert "config.json does not say what the run was trained on" in line


def test_models_lists_bundled_weights(posed, monkeypatch, capsys):
    import airscene.app.models as models
    import airscene.inference.loading as loading

    for module in (models, loading):
        monkeypatch.setattr(module, "bundled_models", lambda: {"posed": posed})
    assert main(["models"]) == 0
    assert "SceneModel('posed': 128x128, 0..1 of cube, sphere, cylinder)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["infer", "POSED", "PHOTO", "--steps", "2"], "--steps is for models of images in 2-D"),
        (["infer", "POSED", "PHOTO", "--resize"], "--resize is for models of images in 2-D"),
        (["infer", "POSED", "PHOTO", "--masks", "OUT"], "--masks is for models that give masks"),
        (
            ["infer", "POSED", "PHOTO", "--out", "OUT.csv", "--objects"],
            "--objects is for models of images in 2-D",
        ),
        (
            ["infer", "POSED", "PHOTO", "--out", "OUT.coco.json"],
            "--out FILE.coco.json is for models of images in 2-D",
        ),
        (["evaluate", "POSED", "sprites"], "DATA is for models of images in 2-D"),
        (["evaluate", "POSED", "--digits", "bundled"], "--digits is for models of images in 2-D"),
        (["sample", "POSED", "--counts", "2", "--out", "OUT.png"], "draws 0 to 1 objects"),
        (["render", "nowhere.json", "--out", "OUT"], "cannot read nowhere.json"),
    ],
)
def test_what_is_not_for_3d(arguments, wanted, posed, picture, tmp_path, refused):
    places = {
        "POSED": posed,
        "PHOTO": picture,
        "OUT": tmp_path / "o",
        **{f"OUT.{end}": tmp_path / f"o.{end}" for end in ("png", "csv", "coco.json")},
    }
    assert wanted in refused(*[places.get(a, a) for a in arguments])
    assert [p.name for p in tmp_path.iterdir()] == ["photo.png"]


OBJECT = {"presence": 1, "type": "cube", "position": [0.1, -0.1], "rotation": 0.5}


def scene(*objects, **more):
    return {"source": "x.png", "count": len(objects), "objects": list(objects), **more}


@pytest.mark.parametrize(
    ("changes", "image", "wanted"),
    [
        ({}, scene({**OBJECT, "type": "fork"}), "images[0], x.png: objects[0].type is 'fork'"),
        ({}, scene(OBJECT, OBJECT), "images[0], x.png: 2 objects"),
        ({}, scene(OBJECT, camera=[0.1]), "it has a camera"),
        ({"world": "tabletop-camera"}, scene(), "images[0], x.png: there is no camera"),
        ({"world": "tabletop-camera"}, scene(camera=[0.9]), "should be one angle from -0.6981"),
        ({"world": "moon"}, scene(), "there is no world 'moon'"),
        ({}, scene({**OBJECT, "rotation": float("nan")}), "rotation should be a finite number"),
        ({"image_size": [9, 9]}, scene(), "in 9x9 pixels"),
    ],
)
def test_scenes_that_cannot_be_drawn(changes, image, wanted, tmp_path, refused):
    top = {"model": "m", "world": "single-object", "image_size": [128, 128], "images": [image]}
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({**top, **changes}))
    line = refused("render", file, "--out", tmp_path / "drawn")
    assert wanted in line and "bad.json" in line
    assert [p.name for p in tmp_path.iterdir()] == ["bad.json"]


def test_scenes_of_the_other_kind(posed, weights, tmp_path, refused):
    Scenes("m", (12, 16), (Scene("a", np.ones(3) / 3, ()),)).save(tmp_path / "2d.json")
    PosedScenes("m", "single-object", (128, 128), ()).save(tmp_path / "3d.json")
    out = tmp_path / "drawn"
    line = refused("render", tmp_path / "2d.json", "--model", posed, "--out", out)
    assert "2d.json: scenes in 2-D, which SceneModel('posed'" in line
    line = refused("render", tmp_path / "3d.json", "--model", weights, "--out", out)
    assert "3d.json: scenes in 3-D, which Model('tiny'" in line
    assert "2d.json: there is no model 'm'" in refused("render", tmp_path / "2d.json")


def test_render_of_scenes_in_2d(weights, tmp_path, images):
    np.save(tmp_path / "x.npy", images)
    scenes = tmp_path / "scenes.json"
    assert main(["infer", str(weights), str(tmp_path / "x.npy"), "--out", str(scenes)]) == 0
    arguments = ["render", str(scenes), "--model", str(weights), "--out", str(tmp_path / "drawn")]
    assert main(arguments) == 0
    names = sorted(p.name for p in (tmp_path / "drawn").iterdir())
    assert names == [f"x-{i}-render.png" for i in range(3)]
    with Image.open(tmp_path / "drawn" / names[0]) as picture:
        assert (picture.mode, picture.size) == ("L", (16, 12))


def test_file_names_lead_nowhere():
    strange = ["\ud800", "é" * 200]
    names = file_names(
        ["/etc/x.png", "../x.jpg", "x.npz[3]", "", "a\0b", "..", "y" * 999, *strange]
    )
    assert names[:4] == ["x", "x-2", "x-3", ""] and names[4] == "a_b"
    assert not any("/" in name or "\0" in name or len(name.encode()) > 210 for name in names)
    assert len(set(names)) == len(names)
