"""What `airscene infer` writes beside JSON, which images it skips, and what it fails for."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from airscene.app.cli import main
from airscene.app.outputs import content, kind_of, label_png, skipped, unlike_images
from airscene.errors import InputError
from airscene.images import load_images
from airscene.scene import (
    Damaged,
    Mask,
    PosedScene,
    PosedScenes,
    Scene,
    SceneObject,
    Scenes,
    Unlike,
    load_scenes,
    objects_csv,
    to_coco,
    to_csv,
)


class Masked:
    """Finds in each image one object, all that is brighter than the middle, and says what is odd.

    Args:
        masks: whether it gives masks.
        unlike: whether it says how unlike an image is.
    """

    def __init__(self, masks: bool = True, unlike: bool = True):
        self.masks, self.unlike = masks, unlike

    def __repr__(self) -> str:
        return "Masked()"

    def infer(self, images, *, resize, refine, samples, seed, damaged) -> Scenes:
        given = load_images(images, damaged=damaged)
        scenes = Scenes("masked", (12, 16), tuple(self._scene(*one) for one in given))
        return replace(scenes, damaged=tuple(Damaged(*one) for one in damaged or ()))

    def _scene(self, source, image) -> Scene:
        mask = Mask.of(image > 0.5)
        thing = SceneObject(0.9, mask.box, mask.box, np.zeros(1), mask if self.masks else None)
        odd = Unlike(9.0, True, "odd\nname") if "odd" in source else Unlike(0.1, False, "")
        unlike = odd if self.unlike else None
        return Scene(source, np.array([0.1, 0.9]), (thing,), None, image.shape[:2], unlike)


@pytest.fixture
def model(monkeypatch):
    """Makes the command line load a model of masks."""

    def use(**options):
        monkeypatch.setattr("airscene.inference.load", lambda name: Masked(**options))

    use()
    return use


@pytest.fixture
def folder(tmp_path, images):
    """A folder of two pictures, and one that is none."""
    (tmp_path / "in").mkdir()
    for name, image in zip(("a", "c"), images, strict=False):
        Image.fromarray(image).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "b.png").write_bytes(b"x")
    return tmp_path / "in"


def infer(*arguments) -> int:
    return main(["infer", *map(str, arguments)])


def test_tables_and_coco_hold_what_json_does(weights, tmp_path, images):
    np.savez(tmp_path / "x.npz", images=images)
    outs = [tmp_path / name for name in ("x.json", "x.csv", "o.csv", "x.coco.json")]
    for out in outs:
        more = ["--objects"] if out.name == "o.csv" else []
        assert infer(weights, tmp_path / "x.npz", "--out", out, *more) == 0
    scenes = load_scenes(outs[0])
    assert [scene.source for scene in scenes] == [f"{tmp_path / 'x.npz'}[{i}]" for i in range(3)]
    rows = list(csv.DictReader(outs[1].open()))
    assert [row["source"] for row in rows] == [f"x.npz[{i}]" for i in range(3)]
    assert [int(row["count"]) for row in rows] == scenes.counts.tolist()
    assert outs[1].read_text() == to_csv(scenes)
    assert len(list(csv.DictReader(outs[2].open()))) == scenes.counts.sum()
    coco = json.loads(outs[3].read_text())
    assert [image["file_name"] for image in coco["images"]] == [f"x.npz[{i}]" for i in range(3)]
    assert len(coco["annotations"]) == scenes.counts.sum()


def test_masks_are_label_images_of_16_bits(model, folder, tmp_path, capsys):
    out, masks = tmp_path / "x.coco.json", tmp_path / "masks"
    over = ["--overlay", tmp_path / "over"]
    assert infer("m", folder, "--out", out, "--masks", masks, *over) == 0
    assert sorted(p.name for p in masks.iterdir()) == ["a.png", "c.png"]
    assert {p.name for p in (tmp_path / "over").glob("*.png")} == {f"{n}-overlay.png" for n in "ac"}
    for name in "ac":
        with Image.open(masks / f"{name}.png") as labels:
            assert labels.mode == "I;16"
            given = load_images(folder / f"{name}.png")[0][1]
            assert np.array_equal(np.asarray(labels), given > 0.5)
    annotations = json.loads(out.read_text())["annotations"]
    assert [a["segmentation"]["size"] for a in annotations] == [[12, 16]] * 2
    assert f"Images of labels: {masks}" in capsys.readouterr().err


def test_masks_of_a_model_that_gives_none(model, weights, folder, tmp_path, refused):
    model(masks=False)
    out = tmp_path / "x.csv"
    out.write_text("before")
    arguments = [folder, "--out", out, "--masks", tmp_path / "masks", "--on-error", "skip"]
    assert "--masks is for models that give masks, which Masked()" in refused(
        "infer", "m", *arguments
    )
    assert out.read_text() == "before" and not (tmp_path / "masks").exists()


def test_masks_of_bundled_kinds_are_refused_before_the_images_are_read(weights, tmp_path, refused):
    line = refused("infer", weights, "nowhere.png", "--masks", tmp_path / "masks")
    assert "--masks is for models that give masks, which Model('tiny'" in line


def test_masks_never_lie_over_the_images(model, folder, refused):
    before = {p: p.read_bytes() for p in folder.iterdir()}
    line = refused("infer", "m", folder, "--masks", folder / ".." / "in")
    assert "--masks is the folder of" in line and "give a folder of its own" in line
    assert before == {p: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("given", ["in", "in/*.png", "in/a.png in/b.png in/c.png"])
def test_damaged_images_are_skipped(given, weights, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    assert infer(weights, *given.split(), "--out", "x.json") == 0
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("airscene: skipped in/b.png: is not an image; it should be a PNG")
    scenes = load_scenes("x.json")
    assert [scene.source for scene in scenes] == ["in/a.png", "in/c.png"]
    (damaged,) = scenes.damaged
    assert (damaged.source, damaged.error[:22]) == ("in/b.png", "in/b.png is not an ima")
    assert infer(weights, *given.split(), "--out", "x.csv") == 0
    rows = [line.split(",")[0] for line in Path("x.csv").read_text().splitlines()]
    assert rows == ["source", "a.png", "c.png", "b.png"]


def test_a_single_file_stops_unless_told(weights, folder, tmp_path, refused, capsys):
    bad = folder / "b.png"
    assert "b.png is not an image" in refused("infer", weights, bad)
    assert infer(weights, bad, "--on-error", "skip") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"airscene: no image can be read: {bad} is not an image")


def test_a_pattern_skips_even_if_it_matches_one_file(weights, folder, capsys):
    (folder / "b.png").rename(folder / ":warning:.png")
    assert infer(weights, folder / "*:.png") == 2
    assert f"no image can be read: {folder}/:warning:.png is not" in capsys.readouterr().err


def test_a_folder_without_images_is_refused_beside_others(weights, folder, refused):
    (folder / "empty").mkdir()
    line = refused("infer", weights, folder / "a.png", folder / "empty")
    assert "no image in the folder" in line


def test_nothing_is_written_if_nothing_can_be_read(weights, folder, tmp_path, capsys):
    for name in ("a.png", "c.png"):
        (folder / name).write_bytes(b"")
    out = tmp_path / "x.json"
    out.write_text("before")
    assert infer(weights, folder, "--out", out) == 2
    said = capsys.readouterr()
    assert said.out == "" and "the first reason of 3" in said.err
    assert out.read_text() == "before"


def test_nothing_is_written_if_an_overlay_cannot_be_drawn(
    weights, folder, tmp_path, monkeypatch, capsys
):
    def fail(*images):
        raise InputError("no room")

    monkeypatch.setattr("airscene.evaluation.figures.figures.overlay", fail)
    out = tmp_path / "x.csv"
    out.write_text("before")
    assert infer(weights, folder, "--out", out, "--overlay", tmp_path / "over") == 2
    assert capsys.readouterr().err == "airscene: no room\n"
    assert out.read_text() == "before" and not (tmp_path / "over").exists()


def test_images_are_warned_of_once(weights, tmp_path, capsys):
    for i in range(3):
        Image.fromarray(np.ones((12, 16), np.uint8)).save(tmp_path / f"{i}.png")
    assert infer(weights, tmp_path) == 0
    assert capsys.readouterr().err.count("warning") == 1


def test_unlike_images_are_told(model, folder, tmp_path, capsys):
    (folder / "c.png").rename(folder / "odd.png")
    out = tmp_path / "x.csv"
    said = "airscene: 1 of 2 images is unlike what the model was trained on, the first "
    said += f"{folder / 'odd.png'}: odd name"
    assert infer("m", folder, "--out", out) == 0
    assert capsys.readouterr().err.splitlines()[-1] == said
    before = out.read_text()
    assert [line.split(",")[3] for line in before.splitlines()] == ["unlike", "0", "1", ""]
    out.unlink()
    assert infer("m", folder, "--out", out, "--strict") == 2
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert out.read_text() == before


def test_strict_passes_like_images_and_needs_a_model_that_says(model, folder, capsys, refused):
    assert infer("m", folder, "--strict") == 0
    assert "unlike" not in capsys.readouterr().err
    model(unlike=False)
    line = refused("infer", "m", folder / "a.png", "--strict")
    assert "--strict: Masked() does not say" in line


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.json", ".json"),
        ("a.coco.json", ".coco.json"),
        ("a.b.coco.json", ".coco.json"),
        ("a.coco/b.json", ".json"),
        ("a.csv", ".csv"),
        ("a.coco.csv", ".csv"),
    ],
)
def test_kinds_by_suffix(name, kind):
    assert kind_of(Path(name)) == kind


@pytest.mark.parametrize("name", ["a", "a.coco", "a.txt", "a.json.gz", ".csv"])
def test_suffixes_that_are_refused(name):
    with pytest.raises(InputError, match=r"should be the name of a \.json, \.csv or \.coco\.json"):
        kind_of(Path(name))


def test_content():
    scenes = Scenes("m", (5, 5), (Scene("\udcff.png", np.ones(1), ()),))
    assert content(scenes, ".json", False).decode() == scenes.to_json()
    assert content(scenes, ".csv", False).splitlines()[1] == b"?.png,0,1.0,,"
    assert content(scenes, ".csv", True).decode() == objects_csv(scenes)
    assert json.loads(content(scenes, ".coco.json", False)) == to_coco(scenes)
    posed = PosedScenes("m", "w", (5, 5), (PosedScene("x", ()),))
    assert content(posed, ".csv", False).decode() == to_csv(posed)
    for kind, objects in ((".csv", True), (".coco.json", False)):
        with pytest.raises(InputError, match="scenes in 3-D have no boxes"):
            content(posed, kind, objects)


def test_label_png_keeps_every_number(tmp_path):
    labels = np.arange(65_536, dtype=np.uint16).reshape(128, 512)
    (tmp_path / "x.png").write_bytes(label_png(labels))
    with Image.open(tmp_path / "x.png") as picture:
        assert np.array_equal(np.asarray(picture), labels)


def test_lines():
    assert skipped(Damaged("x.png", "x.png is empty")) == "skipped x.png: is empty"
    assert skipped(Damaged("x.npy", "x.npy[1]: NaN")) == "skipped x.npy: x.npy[1]: NaN"
    assert skipped(Damaged("a\nb", "there is no\nfile")) == "skipped a b: there is no file"
    odd = Unlike(1.0, True, "dark")
    scenes = tuple(Scene(s, np.ones(1), (), k, None, odd) for s in "ab" for k in range(3))
    said = "2 of 2 images are unlike what the model was trained on, the first a: dark"
    assert unlike_images(Scenes("m", (5, 5), scenes)) == said
    assert unlike_images(Scenes("m", (5, 5), (Scene("a", np.ones(1), ()),))) == ""
