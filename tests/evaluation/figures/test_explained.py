import io

import numpy as np
import pytest
from PIL import Image

from airscene.evaluation.figures.cells import colour_of
from airscene.evaluation.figures.contact import COLUMNS, Seen, contact_sheet
from airscene.evaluation.figures.explained import SIDE, Explained, explained_rows
from airscene.scene import Mask, Scene, SceneObject


def row(size, n, probability=0.9):
    """An image with n objects of 4 pixels along its diagonal."""
    height, width = size
    objects = []
    for k in range(n):
        mask = Mask((5 * k, 5 * k), np.ones((4, 4), bool))
        objects.append(SceneObject(0.9, mask.box, mask.box, np.zeros(2), mask))
    probs = np.full(n + 2, (1 - probability) / (n + 1))
    probs[n] = probability
    scene = Scene("x.png", probs, tuple(objects), image_size=size)
    image = np.full((height, width, 3), 0.5, np.float32)
    return Explained("x.png", image, scene, np.full((9, 9, 3), 0.5, np.float32))


def pixels_of(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)


def test_captions_have_count_and_probability():
    assert row((20, 30), 1).caption == "x.png: 1 object, with probability 0.90"
    assert row((20, 30), 3, 0.123).caption == "x.png: 3 objects, with probability 0.12"


def test_images_of_several_sizes_share_a_figure():
    picture = explained_rows([row((20, 40), 2), row((40, 20), 0)])
    pixels = pixels_of(picture)
    heads, captions, gaps = 20, 2 * 20, 2 * 4
    assert pixels.shape[:2] == (heads + captions + gaps + SIDE // 2 + SIDE, 4 * (SIDE + 4) - 4)
    assert [one["count"] for one in picture.shown["rows"]] == [2, 0]


def test_boxes_and_masks_have_the_colour_of_their_object():
    pixels = pixels_of(explained_rows([row((20, 20), 2)]))
    scale, top = SIDE // 20, 40
    # Middle of the left side of the second box, and the middle of its mask.
    box = pixels[top + 7 * scale, 5 * scale + 1]
    mask = pixels[top + 7 * scale, SIDE + 4 + 7 * scale]
    for found in (box, mask):
        assert np.abs(found - colour_of(1)).max() < 12


def test_what_is_left_of_a_perfect_scene_is_grey():
    pixels = pixels_of(explained_rows([row((20, 20), 0)]))
    left = pixels[45 : 45 + SIDE - 10, 3 * (SIDE + 4) + 5 : -5]
    assert np.abs(left - 127).max() < 6


@pytest.mark.parametrize("n", [1, COLUMNS, COLUMNS + 2])
def test_a_contact_sheet_shows_every_image(n):
    seen = [
        Seen(f"{k}.png", np.full((20, 30), 0.7), np.zeros((10, 15)), np.array([[4.0, 5.0, 3.0]]))
        for k in range(n)
    ]
    picture = contact_sheet(seen, 0.2, ["some images"])
    assert [one["name"] for one in picture.shown["images"]] == [f"{k}.png" for k in range(n)]
    height = pixels_of(picture).shape[0]
    assert height == -(-n // COLUMNS) * (20 + 2 * (140 + 4)) + 2 * 20
