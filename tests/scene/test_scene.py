"""The JSON of scenes is the contract's, goes round unchanged, and bad JSON is refused in a line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.scene import Damaged, Mask, PosedObject, Scene, SceneObject, Scenes, Unlike

pixels = st.floats(-1e4, 1e4)
boxes = st.tuples(pixels, pixels, pixels, pixels)
unit = st.floats(0, 1)
sides = st.integers(1, 999)
masks = st.builds(lambda corner: Mask(corner, np.eye(3, dtype=bool)), st.tuples(sides, sides))
unlikes = st.builds(Unlike, pixels, st.booleans(), st.text(max_size=20))
# The fields of an object and of a scene, in their order.
objects = st.tuples(unit, boxes, boxes, st.lists(pixels, max_size=5), st.none() | masks)
images = st.tuples(
    st.text(max_size=20),
    st.lists(unit, min_size=1, max_size=4),
    st.lists(objects, max_size=3),
    st.none() | st.integers(0, 99),
    st.none() | st.tuples(sides, sides),
    st.none() | unlikes,
)
damages = st.lists(st.builds(Damaged, st.text(max_size=20), st.text(max_size=20)), max_size=2)


def build(source, count_probs, objects, *more) -> Scene:
    found = tuple(SceneObject(*fields, np.array(what, float), m) for *fields, what, m in objects)
    return Scene(source, np.array(count_probs, float), found, *more)


@settings(max_examples=50)
@given(st.text(max_size=20), st.tuples(sides, sides), st.lists(images, max_size=3), damages)
def test_json_goes_round(model, image_size, images, damaged):
    scenes = tuple(build(*fields) for fields in images)
    before = Scenes(model, image_size, scenes, tuple(damaged))
    after = Scenes.from_json(before.to_json())
    assert after.to_json() == before.to_json()
    assert (after.model, after.image_size) == (before.model, before.image_size)
    assert np.array_equal(after.counts, before.counts)
    assert after.damaged == before.damaged
    for new, old in zip(after, before, strict=True):
        assert (new.source, new.sample, new.count) == (old.source, old.sample, old.count)
        assert new.image_size == old.image_size
        assert (new.unlike is None) == (old.unlike is None)
        if new.unlike and old.unlike:
            assert new.unlike.score == pytest.approx(old.unlike.score, abs=0.51e-4)
            assert new.unlike == Unlike(new.unlike.score, old.unlike.flag, old.unlike.reason)
        assert np.allclose(new.count_probs, old.count_probs, rtol=0, atol=0.51e-4)
        for a, b in zip(new.objects, old.objects, strict=True):
            assert a.presence == pytest.approx(b.presence, abs=0.51e-4)
            assert np.allclose(a.window + a.box, b.window + b.box, rtol=0, atol=0.51e-2)
            assert np.allclose(a.what, b.what, rtol=0, atol=0.51e-4)
            assert (a.mask and a.mask.to_dict()) == (b.mask and b.mask.to_dict())


def example() -> Scenes:
    box = (1.0, 2.004, 20.5, 30.126)
    digit = SceneObject(0.99804, (0.0, -1.5, 21.0, 31.0), box, np.array([0.123456, -1e-9]))
    return Scenes(
        "multi-mnist",
        (50, 40),
        (
            Scene("x.npz[0]", np.array([0.99, 0.01]), ()),
            Scene("x.npz[1]", np.array([0.0, 1.0]), (digit,), sample=3, image_size=(100, 80)),
        ),
    )


def test_the_contract():
    assert json.loads(example().to_json()) == {
        "model": "multi-mnist",
        "image_size": [50, 40],
        "images": [
            {"source": "x.npz[0]", "count": 0, "count_probs": [0.99, 0.01], "objects": []},
            {
                "source": "x.npz[1]",
                "sample": 3,
                "image_size": [100, 80],
                "count": 1,
                "count_probs": [0.0, 1.0],
                "objects": [
                    {
                        "presence": 0.998,
                        "window": [0.0, -1.5, 21.0, 31.0],
                        "box": [1.0, 2.0, 20.5, 30.13],
                        "what": [0.1235, 0.0],
                    }
                ],
            },
        ],
    }
    assert "-0.0" not in example().to_json()


def test_json_without_the_newer_fields_is_what_it_was():
    """Byte for byte: it is kept, and compared."""
    assert example().to_json() == (
        '{"model": "multi-mnist", "image_size": [50, 40], "images": [\n'
        '{"source": "x.npz[0]", "count": 0, "count_probs": [0.99, 0.01], "objects": []},\n'
        '{"source": "x.npz[1]", "sample": 3, "image_size": [100, 80], "count": 1, "count_probs": '
        '[0.0, 1.0], "objects": [{"presence": 0.998, "window": [0.0, -1.5, 21.0, 31.0], "box": '
        '[1.0, 2.0, 20.5, 30.13], "what": [0.1235, 0.0]}]}\n'
        "]}\n"
    )


def full() -> Scenes:
    box = (1.0, 2.0, 3.0, 4.0)
    digit = SceneObject(1.0, box, box, np.zeros(1), Mask((1, 2), np.eye(2, dtype=bool)))
    scene = Scene("a.png", np.array([0.0, 1.0]), (digit,), unlike=Unlike(3.2, True, "too dark"))
    return Scenes("m", (5, 6), (scene,), (Damaged("b.png", "b.png is empty"),))


def test_masks_unlike_images_and_damaged_ones():
    first, last = json.loads(full().to_json())["images"]
    mask = {"corner": [1, 2], "size": [2, 2], "counts": [0, 1, 2, 1]}
    assert first["objects"][0]["mask"] == mask
    assert first["unlike"] == {"score": 3.2, "flag": True, "reason": "too dark"}
    assert last == {"source": "b.png", "error": "b.png is empty"}
    again = Scenes.from_json(full().to_json())
    assert len(again) == 1 and again.damaged == full().damaged
    assert repr(again) == "Scenes(1 image of 6x5, counts 1; 1 damaged)"
    assert len(again[:]) == 1 and again[:].damaged == ()
    assert again[0].unlike == full()[0].unlike


def test_nothing_but_damaged_images():
    scenes = Scenes("m", (5, 6), (), (Damaged("b.png", "empty"),))
    assert Scenes.from_json(scenes.to_json()).damaged == scenes.damaged


def test_reads_as_a_sequence():
    scenes = example()
    assert len(scenes) == 2 and scenes[-1].count == 1
    assert scenes.counts.tolist() == [0, 1]
    assert isinstance(scenes[1:], Scenes) and scenes[1:].counts.tolist() == [1]
    assert [s.source for s in scenes] == ["x.npz[0]", "x.npz[1]"]
    assert Scenes("m", (5, 5), ()).counts.tolist() == []


def test_repr():
    scenes = example()
    assert repr(scenes) == "Scenes(2 images of 40x50, counts 0 1)"
    assert repr(scenes[:1]) == "Scenes(1 image of 40x50, counts 0)"
    assert repr(scenes[1]) == "Scene('x.npz[1]', sample 3, count 1, count_probs 0.000 1.000)"
    assert repr(scenes[1].objects[0]) == (
        "SceneObject(presence 0.998, window (0.0, -1.5, 21.0, 31.0), "
        "box (1.0, 2.0, 20.5, 30.1), what[2])"
    )
    many = Scenes("m", (5, 5), scenes.images * 20)
    assert repr(many) == "Scenes(40 images of 5x5, counts 0 1 0 1 0 1 0 1 0 1 ...)"


def test_numbers_that_json_cannot_say():
    nan = (float("nan"),) * 4
    thing = SceneObject(1.0, nan, nan, np.zeros(1))
    with pytest.raises(ValueError, match="not JSON compliant"):
        Scenes("m", (5, 5), (Scene("a", np.ones(2), (thing,)),)).to_json()


def test_save_and_load(tmp_path):
    path = tmp_path / "scenes.json"
    example().save(path)
    assert Scenes.load(path).to_json() == example().to_json()


@pytest.mark.parametrize("data", [None, b"", b"\xff\xfe", b"{", b"[" * 100_000, b"[1]", b"{}"])
def test_files_that_hold_no_scenes(tmp_path, data):
    path = tmp_path / "scenes.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        Scenes.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


MISSING = object()


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["model"], MISSING, "scenes should be an object with the field 'model'"),
        (["model"], 3, r"scenes\.model should be text"),
        (["image_size"], [50], r"scenes\.image_size should be two whole numbers"),
        (["image_size"], [50, 0.5], r"scenes\.image_size should be two whole numbers"),
        (["image_size"], [50, 0], r"scenes\.image_size should be two whole numbers"),
        (["images"], {}, r"scenes\.images should be a list"),
        (["images", 0], "x", r"images\[0\] should be an object"),
        (["images", 0, "source"], MISSING, r"images\[0\] .* 'source'"),
        (["images", 0, "count_probs"], ["1"], r"images\[0\]\.count_probs\[0\] .* finite number"),
        (["images", 1, "count"], True, r"images\[1\]\.count should be a whole number"),
        (["images", 1, "count"], 2, r"images\[1\]\.count is 2, but it has 1 object"),
        (["images", 1, "image_size"], [5], r"images\[1\]\.image_size should be two whole numbers"),
        (["images", 1, "sample"], 0.5, r"images\[1\]\.sample should be a whole number"),
        (["images", 1, "objects", 0, "what"], MISSING, r"images\[1\]\.objects\[0\] .* 'what'"),
        (
            ["images", 1, "objects", 0, "box"],
            [1, 2, 3],
            r"objects\[0\]\.box should be four numbers",
        ),
        (["images", 1, "objects", 0, "presence"], True, r"presence should be a finite number"),
        (["images", 1, "objects", 0, "presence"], float("nan"), r"presence .* finite number"),
        (["images", 1, "objects", 0, "what", 0], 10**400, r"what\[0\] .* finite number"),
    ],
)
def test_bad_fields(place, value, message):
    refuse(example(), place, value, message)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["images", 0, "unlike"], None, r"images\[0\]\.unlike should be an object"),
        (["images", 0, "unlike", "flag"], 1, r"unlike\.flag should be true or false"),
        (["images", 0, "unlike", "score"], "3", r"unlike\.score should be a finite number"),
        (["images", 0, "unlike", "reason"], MISSING, r"images\[0\]\.unlike .* 'reason'"),
        (["images", 0, "objects", 0, "mask"], 3, r"objects\[0\]\.mask should be an object"),
        (["images", 0, "objects", 0, "mask", "counts", 0], 1, r"mask\.counts should sum to 4"),
        (["images", 1, "source"], MISSING, r"images\[1\] .* 'source'"),
        (["images", 1, "error"], 3, r"images\[1\]\.error should be text"),
    ],
)
def test_bad_newer_fields(place, value, message):
    refuse(full(), place, value, message)


def refuse(scenes, place, value, message):
    data = json.loads(scenes.to_json())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    if value is MISSING:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    with pytest.raises(InputError, match=message):
        Scenes.from_json(json.dumps(data))


def test_presence_means_the_same_in_2d_and_in_3d():
    """The probability given the image, and not given the objects before it."""
    for kind in (SceneObject, PosedObject):
        said = " ".join(kind.__doc__.split())
        assert "that this object is there, given the image" in said
        assert "given the objects before" not in said
