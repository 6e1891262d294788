"""Worlds and renderers of one's own, by `airscene.fit`."""

import io
import json
import re
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
from rich.console import Console

import airscene
from airscene.errors import InputError
from airscene.graphics import PlaneRenderer, World, sample_scenes
from airscene.graphics.world import WORLDS
from airscene.inference.worlds import read_world, world_name, world_texts
from airscene.runs.folder import InTheWay
from airscene.runs.presets import own_scenes

WORLD = World(
    mjcf="shapes", types=("disc", "square", "triangle"), camera="", n_slots=2, image_size=(32, 32),
    symmetry=(0, 4, 3), footprints=(((0.0, 0.0, 0.1),),) * 3,
)  # fmt: skip
DRAW = partial(PlaneRenderer, (32, 32))
SHORT = {"steps": 2, "batch_size": 4, "evaluate_every": 1, "save_every": 1, "n_hidden": 8}


def fit(folder, world=WORLD, **options):
    quiet = {"console": Console(file=io.StringIO())}
    preset = replace(own_scenes(world), n_test=8)
    return airscene.fit(preset, folder, make=DRAW, **SHORT, **quiet, **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("airscene.runs.tasks.rendered.WATCHED", 12)
        folder = tmp_path_factory.mktemp("runs") / "mine"
        yield folder, fit(folder)


def test_the_model_looks_through_the_same_renderer(run):
    _, model = run
    renderer = DRAW()
    images = renderer.render(sample_scenes(WORLD, 5, seed=1))
    scenes = model.infer(images)
    assert (scenes.model, scenes.world) == ("mine", "shapes")
    assert model.render(scenes).shape == images.shape


def test_weights_know_their_world(run):
    folder, model = run
    again = airscene.load(folder)
    assert again.world == model.world == WORLD
    with pytest.raises(InputError, match="cannot read shapes"):  # this needs MuJoCo, or a renderer
        again.sample(0, 1)
    same = airscene.SceneModel(again.air, again.world, "mine", DRAW)
    np.testing.assert_array_equal(same.sample(0, 2), model.sample(0, 2))


def test_a_world_that_has_changed_is_in_the_way(run):
    folder, _ = run
    assert fit(folder, resume=True).world == WORLD
    with pytest.raises(InTheWay, match="half_size"):
        fit(folder, replace(WORLD, half_size=(0.5, 0.4)), resume=True)


def test_scenes_that_are_not_possible_leave_nothing(tmp_path):
    crowded = replace(WORLD, footprints=(((0.0, 0.0, 5.0),),) * 3)
    with pytest.raises(InputError, match="do not fit in the region"):
        fit(tmp_path / "run", crowded)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("preset", "options", "line"),
    [
        (own_scenes(WORLD), {"images": "x"}, "images are for the preset images, not for scenes"),
        ("multi-mnist", {"make": DRAW}, "make is for scenes in 3-D, not for multi-mnist"),
        (own_scenes(WORLD), {"n_hidden": 0}, "--n-hidden is 0"),
        ("tabletop", {"n_slots": 2}, "n_slots is 2; the scenes of tabletop have 3"),
        (own_scenes(WORLD), {"digits": "x"}, "no experiment has an option 'digits'; the fields"),
        ("tabletops", {}, "there is no preset 'tabletops'; there are: .*tabletop-camera"),
    ],
)
def test_what_cannot_be(preset, options, line, tmp_path):
    with pytest.raises(InputError, match=line):
        airscene.fit(preset, tmp_path / "run", **options)
    assert not list(tmp_path.iterdir())


def test_a_world_of_a_file_has_what_is_in_the_file_in_its_name(tmp_path):
    names = set()
    for text in ("<mujoco/>", "<mujoco></mujoco>"):
        (tmp_path / "tabletop.xml").write_text(text)
        preset = own_scenes(replace(WORLD, mjcf=str(tmp_path / "tabletop.xml")))
        names.add(world_name(preset.scenes))
    assert len(names) == 2 and all(re.fullmatch("tabletop-[0-9a-f]{8}", name) for name in names)
    assert world_name(own_scenes(WORLD).scenes) == WORLD.mjcf


@pytest.mark.parametrize("world", [WORLD, *WORLDS.values()])
def test_a_world_as_text(world):
    assert read_world(world_texts(world)["world"]) == world


def with_fields(**changes):
    return json.dumps(asdict(replace(WORLD, mjcf="a.xml")) | changes)


@pytest.mark.parametrize(
    "text",
    [
        *('{"mjcf": "x"}', '{"mjcf"', '{"types": 3}', '{"a": 1}', "{"),
        *(with_fields(mjcf=5), with_fields(camera=7), with_fields(types="abc")),
        *(with_fields(half_size=[1.0]), with_fields(n_slots=True), with_fields(footprints=[[1]])),
    ],
)
def test_text_that_is_no_world(text):
    with pytest.raises(InputError, match="does not say what its world is"):
        read_world(text)
