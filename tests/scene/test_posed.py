"""Scenes in 3-D: their JSON is the contract's, goes round, and bad JSON is refused in a line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.scene import (
    Damaged,
    PosedObject,
    PosedScene,
    PosedScenes,
    Scene,
    Scenes,
    Unlike,
    load_scenes,
)

metres, angles = st.floats(-10, 10), st.floats(-3.1415, 3.1415)
# The fields of an object and of a scene, in their order.
objects = st.tuples(st.floats(0, 1), st.text(max_size=9), st.tuples(metres, metres), angles)
scenes = st.tuples(
    st.text(max_size=9),
    st.lists(objects, max_size=3),
    st.just(()) | st.tuples(angles),
    st.none() | st.integers(0, 99),
)


@settings(max_examples=50)
@given(st.text(max_size=9), st.text(max_size=9), st.lists(scenes, max_size=3))
def test_json_goes_round(model, world, images):
    built = [PosedScene(s, tuple(PosedObject(*o) for o in os), *more) for s, os, *more in images]
    before = PosedScenes(model, world, (20, 30), tuple(built))
    after = PosedScenes.from_json(before.to_json())
    assert after.to_json() == before.to_json()
    assert (after.model, after.world, after.image_size) == (model, world, (20, 30))
    assert np.array_equal(after.counts, before.counts)
    for new, old in zip(after, before, strict=True):
        assert (new.source, new.sample) == (old.source, old.sample)
        assert np.allclose(new.camera, old.camera, rtol=0, atol=0.51e-4)
        for a, b in zip(new.objects, old.objects, strict=True):
            assert a.type == b.type
            assert np.allclose(a.position, b.position, rtol=0, atol=0.51e-6)
            assert (a.rotation, a.presence) == pytest.approx((b.rotation, b.presence), abs=0.51e-4)


def example() -> PosedScenes:
    cup = PosedObject(0.99964, "cup", (0.1234567, -1e-9), -2.5)
    return PosedScenes(
        "mine",
        "tabletop-camera",
        (128, 96),
        (PosedScene("x.png", (), (-0.25,)), PosedScene("x[1]", (cup,), (0.5,), sample=3)),
    )


def test_the_contract():
    assert json.loads(example().to_json()) == {
        "model": "mine",
        "world": "tabletop-camera",
        "image_size": [128, 96],
        "images": [
            {"source": "x.png", "count": 0, "objects": [], "camera": [-0.25]},
            {
                "source": "x[1]",
                "sample": 3,
                "count": 1,
                "objects": [
                    {
                        "presence": 0.9996,
                        "type": "cup",
                        "position": [0.123457, 0.0],
                        "rotation": -2.5,
                    }
                ],
                "camera": [0.5],
            },
        ],
    }
    assert "camera" not in PosedScenes("m", "w", (5, 5), (PosedScene("x", ()),)).to_json()


def test_unlike_images_and_damaged_ones():
    scene = PosedScene("x", (), unlike=Unlike(3.2, False, "as ever"))
    scenes = PosedScenes("m", "w", (5, 5), (scene,), (Damaged("y", "y is empty"),))
    again = PosedScenes.from_json(scenes.to_json())
    assert again[0].unlike == scene.unlike and again.damaged == scenes.damaged


def test_reads_as_a_sequence():
    both = example()
    assert both.counts.tolist() == [0, 1] and both[-1].sample == 3
    assert isinstance(both[1:], PosedScenes) and both[1:].world == "tabletop-camera"
    assert repr(both) == "PosedScenes(2 images of 96x128, counts 0 1)"
    assert repr(both[1]) == "PosedScene('x[1]', sample 3, cup, camera at 29 degrees)"
    assert repr(both[0]) == "PosedScene('x.png', nothing, camera at -14 degrees)"
    assert repr(both[1].objects[0]) == (
        "PosedObject('cup', presence 1.000, at (0.123, -0.000) m, turned by -143 degrees)"
    )


def test_files_of_either_kind(tmp_path):
    flat = Scenes("m", (5, 5), (Scene("a", np.ones(2) / 2, ()),))
    example().save(tmp_path / "3d.json")
    flat.save(tmp_path / "2d.json")
    assert load_scenes(tmp_path / "3d.json").to_json() == example().to_json()
    assert load_scenes(tmp_path / "2d.json").to_json() == flat.to_json()
    with pytest.raises(InputError, match=r"2d\.json: scenes without a 'world', so in 2-D"):
        PosedScenes.load(tmp_path / "2d.json")
    with pytest.raises(InputError, match=r"3d\.json: scenes in 3-D, as they have a 'world'"):
        Scenes.load(tmp_path / "3d.json")


@pytest.mark.parametrize("data", [None, b"", b"\xff\xfe", b"{", b"[1]", b'{"world": 3}'])
def test_files_that_hold_no_scenes(tmp_path, data):
    path = tmp_path / "scenes.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_scenes(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["world"], 3, r"scenes\.world should be text"),
        (["images", 1, "count"], 2, r"images\[1\]\.count is 2, but it has 1 object"),
        (["images", 1, "camera"], 0.5, r"images\[1\]\.camera should be a list"),
        (["images", 1, "camera"], [float("nan")], r"camera\[0\] should be a finite number"),
        (["images", 1, "objects", 0, "type"], 1, r"objects\[0\]\.type should be text"),
        (["images", 1, "objects", 0, "position"], [1.0], r"should be two numbers, \[x, y\]"),
        (["images", 1, "objects", 0, "position", 1], float("inf"), r"position\[1\] .* finite"),
        (["images", 1, "objects", 0, "rotation"], float("nan"), r"rotation .* finite number"),
        (["images", 1, "objects", 0, "presence"], None, r"presence should be a finite number"),
        (["images", 1, "objects", 0, "presence"], 7.0, r"presence is 7.0; it should be from 0"),
    ],
)
def test_bad_fields(place, value, message):
    data = json.loads(example().to_json())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(InputError, match=message):
        PosedScenes.from_json(json.dumps(data))
