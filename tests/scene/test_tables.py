"""Tables and COCO's JSON of scenes, and images of labels."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.scene import (
    Damaged,
    Mask,
    PosedObject,
    PosedScene,
    PosedScenes,
    Scene,
    SceneObject,
    Scenes,
    Unlike,
    label_image,
    objects_csv,
    to_coco,
    to_csv,
)


def thing(box, mask=None) -> SceneObject:
    return SceneObject(0.99804, box, box, np.zeros(1), mask)


RING = Mask((7, 5), np.array([[1, 1, 1], [1, 0, 1]], bool))
PLAIN, MASKED = thing((1.0, 2.004, 4.5, 4.0)), thing((7.0, 5.0, 10.0, 7.0), RING)


def example() -> Scenes:
    probs = np.array([0.05, 0.12346, 0.82654])
    return Scenes(
        "m",
        (8, 12),
        (
            Scene("in/x.npz[3]", probs, (PLAIN, MASKED), unlike=Unlike(3.2, True, "dark")),
            Scene("in/=a,b.png", probs, (), unlike=Unlike(0.1, False, "")),
            Scene("y.png", probs, (PLAIN,), image_size=(80, 120)),
        ),
        (Damaged("in/z.png", "in/z.png is empty"), Damaged("-1.png", "+1")),
    )


def test_a_row_an_image():
    assert to_csv(example()) == (
        "source,count,p_count,unlike,error\n"
        "x.npz[3],2,0.8265,1,\n"
        '"\'=a,b.png",0,0.05,0,\n'
        "y.png,1,0.1235,,\n"
        "z.png,,,,in/z.png is empty\n"
        "'-1.png,,,,'+1\n"
    )
    assert to_csv(Scenes("m", (5, 5), ())) == "source,count,p_count,unlike,error\n"


def test_a_row_an_object():
    assert objects_csv(example()) == (
        "source,object,presence,x0,y0,x1,y1,area\n"
        "x.npz[3],1,0.998,1.0,2.0,4.5,4.0,6.99\n"
        "x.npz[3],2,0.998,7.0,5.0,10.0,7.0,5\n"
        "y.png,1,0.998,1.0,2.0,4.5,4.0,6.99\n"
    )


@pytest.mark.parametrize("first", "=+-@\t\r")
def test_no_cell_is_a_formula(first):
    source = first + '1,"\n;é'
    scenes = Scenes("m", (5, 5), (Scene(source, np.ones(1), ()),), (Damaged(source, source),))
    rows = list(csv.reader(io.StringIO(to_csv(scenes), newline="")))
    assert [row[0] for row in rows] == ["source", "'" + source, "'" + source]
    assert rows[2][4] == "'" + source


@pytest.mark.parametrize("source", ["a\rb", "a\nb", "a,b", 'a"b', "a;b", " a", ""])
def test_names_of_any_kind_are_one_cell(source):
    scenes = Scenes("m", (5, 5), (Scene(source, np.ones(1), ()),))
    _, row = csv.reader(io.StringIO(to_csv(scenes), newline=""))
    assert row == [source, "0", "1.0", "", ""]


def test_scenes_in_3d_have_no_probability_of_the_count():
    cup = PosedObject(1.0, "cup", (0.0, 0.0), 0.0)
    scenes = PosedScenes("m", "w", (5, 5), (PosedScene("a/x.png", (cup,)),), (Damaged("b", "c"),))
    assert to_csv(scenes).splitlines()[1:] == ["x.png,1,,,", "b,,,,c"]


def test_coco():
    coco = to_coco(example())
    assert json.loads(json.dumps(coco, allow_nan=False)) == coco
    assert coco["categories"] == [{"id": 1, "name": "object"}]
    assert coco["images"] == [
        {"id": 1, "file_name": "x.npz[3]", "width": 12, "height": 8},
        {"id": 2, "file_name": "=a,b.png", "width": 12, "height": 8},
        {"id": 3, "file_name": "y.png", "width": 120, "height": 80},
    ]
    plain = {"category_id": 1, "bbox": [1.0, 2.0, 3.5, 2.0], "area": 6.99, "iscrowd": 0}
    ring = {"category_id": 1, "bbox": [7.0, 5.0, 3.0, 2.0], "area": 5, "iscrowd": 0}
    # As pycocotools 2.0 decodes it.
    code = {"size": [8, 12], "counts": [61, 2, 6, 1, 7, 2, 17]}
    assert coco["annotations"] == [
        {"id": 1, "image_id": 1, **plain, "score": 0.998},
        {"id": 2, "image_id": 1, **ring, "score": 0.998, "segmentation": code},
        {"id": 3, "image_id": 3, **plain, "score": 0.998},
    ]


def test_labels_of_objects_one_over_the_other():
    square = Mask((2, 1), np.ones((3, 3), bool))
    over = Mask((3, 2), np.array([[1, 1, 1, 1], [0, 1, 1, 1]], bool))  # sticks out to the right
    beyond = Mask((9, 9), np.ones((2, 2), bool))
    box = (0.0, 0.0, 1.0, 1.0)
    things = tuple(thing(box, mask) for mask in (square, over, beyond))
    labels = label_image(Scene("x", np.ones(4) / 4, things), (4, 6))
    assert labels.dtype == np.uint16
    assert labels.tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0],
        [0, 0, 1, 2, 2, 2],
        [0, 0, 1, 1, 2, 2],
    ]


def test_labels_need_masks_and_are_of_16_bits():
    scene = example()[0]
    with pytest.raises(InputError, match=r"in/x\.npz\[3\]: object 1 has no mask"):
        label_image(scene, (8, 12))
    with pytest.raises(InputError, match="has 65536 objects; labels count to 65535"):
        label_image(replace(scene, objects=(MASKED,) * 65_536), (8, 12))
    assert not label_image(replace(scene, objects=()), (8, 12)).any()
