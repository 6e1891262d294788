"""Figures: what they show is where it should be, and in the JSON beside them."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from airscene.evaluation import (
    draw_windows,
    heatmaps,
    learning_film,
    overlay,
    reconstructions,
    sample_grid,
)
from airscene.evaluation.figures.picture import STEP_COLOURS, enlarge, indexed, strip_uri, tile
from airscene.scene import Scene, SceneObject

RED, GREEN, BLUE = STEP_COLOURS[:3]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def images_of(uri, side):
    """The images of a strip."""
    strip = pixels(base64.b64decode(uri.removeprefix("data:image/png;base64,")))
    return np.stack(np.split(strip, strip.shape[1] // side, axis=1))


def as_bytes(images):
    colour = images if images.ndim == 4 else images[..., None].repeat(3, axis=-1)
    return np.rint(255 * np.clip(colour, 0, 1))


def has(picture, colour):
    return bool((picture == colour).all(axis=-1).any())


@given(
    st.integers(0, 12),
    st.integers(0, 12),
    st.integers(3, 9),
    st.integers(3, 9),
    st.sampled_from([1, 2, 4, 5]),
)
def test_windows_lie_where_they_should(x0, y0, width, height, zoom):
    image = np.zeros((20, 24))
    window = np.array([[x0, y0, x0 + width, y0 + height]], float)
    drawn = draw_windows(image, window, zoom)
    line = 2
    inside = np.zeros(drawn.shape[:2], bool)
    inside[y0 * zoom : (y0 + height) * zoom, x0 * zoom : (x0 + width) * zoom] = True
    inner = (
        slice(y0 * zoom + line, (y0 + height) * zoom - line),
        slice(x0 * zoom + line, (x0 + width) * zoom - line),
    )
    inside[inner] = False
    # Beyond the right or lower side, nothing is drawn.
    assert np.array_equal((drawn == RED).all(axis=-1), inside)
    assert not drawn[~inside].any()


def test_each_step_has_its_colour_and_later_ones_lie_above():
    windows = np.array(
        [[0, 0, 9, 9], [10, 10, 19, 19], [0, 0, 9, 9], [1, 12, 8, 18], [12, 1, 18, 8]]
    )
    drawn = draw_windows(np.zeros((20, 20)), windows.astype(float), 4)
    assert [has(drawn, colour) for colour in STEP_COLOURS] == [False, True, True, True, True]


@pytest.mark.parametrize("far", [60.0, 1e6, 1e30])
def test_windows_beyond_the_image(far):
    image = np.full((20, 20), 0.5)
    beyond = np.array([[-far, -far, far, far], [far, far, 2 * far, 2 * far], [9, 9, 9, 9]])
    drawn = draw_windows(image, beyond[:2], 4)
    assert np.array_equal(drawn, enlarge(image, 4))
    assert has(draw_windows(image, beyond, 4), BLUE)


def test_enlarged_pixels(images):
    large = enlarge(images[0], 3)
    for dy, dx in np.ndindex(3, 3):
        small = large[dy::3, dx::3].astype(float)
        # Half a level of 63.
        assert np.abs(small - as_bytes(images[:1])[0]).max() <= 255 / 63 / 2 + 0.5


def test_tiles_are_in_order():
    panels = np.arange(1, 7, dtype=np.uint8).reshape(2, 3, 1, 1, 1) * np.ones((5, 4, 3), np.uint8)
    sheet = tile(panels, gap=2)
    assert sheet.shape == (12, 16, 3)
    for row, column in np.ndindex(2, 3):
        top, left = 7 * row, 6 * column
        assert np.array_equal(sheet[top : top + 5, left : left + 4], panels[row, column])
    assert (sheet[5:7] == 255).all() and (sheet[:, 4:6] == 255).all()


def test_exact_colours_survive_any_picture():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (60, 60, 3)).astype(np.uint8)
    exact = np.array([*STEP_COLOURS, (255, 255, 255), (0, 0, 0)], np.uint8)
    noise[0, : len(exact)] = exact
    for shades in (4, 249):
        (image,) = indexed([noise], shades)
        assert np.array_equal(np.asarray(image.convert("RGB"))[0, : len(exact)], exact)
    plain = np.full((9, 9, 3), RED, np.uint8)
    assert np.array_equal(np.asarray(indexed([plain], 16)[0].convert("RGB")), plain)


def test_strips_keep_every_byte(images):
    assert np.array_equal(images_of(strip_uri(images), 50), as_bytes(images))


def test_reconstructions(images, make_stage):
    stages = [make_stage(step) for step in (0, 200, 1500)]
    picture = reconstructions(images, stages)
    assert len(picture.data) < 300_000
    sheet = pixels(picture.data)
    assert sheet.shape[0] == 4 * 104 - 4
    margin = sheet.shape[1] - (8 * 104 - 4)
    for row, expected in enumerate([images, *(s.reconstructions for s in stages)]):
        for column, image in enumerate(expected):
            top, left = 104 * row, margin + 104 * column
            panel = sheet[top : top + 100, left : left + 100]
            if row:
                stage = stages[row - 1]
                drawn = draw_windows(image, stage.windows[column, : stage.counts[column]], 2)
            else:
                drawn = enlarge(image, 2)
            assert np.abs(panel.astype(int) - drawn).max() <= 12
            assert has(panel, RED) == has(drawn, RED)
    shown = json.loads(json.dumps(picture.shown, allow_nan=False))
    assert np.array_equal(images_of(shown["images"], 50), as_bytes(images))
    for stage, told in zip(stages, shown["stages"], strict=True):
        assert told["step"] == stage.step and told["counts"] == stage.counts.tolist()
        assert [len(w) for w in told["windows"]] == told["counts"]
        assert np.array_equal(
            images_of(told["reconstructions"], 50), as_bytes(stage.reconstructions)
        )


def test_heatmaps():
    rng = np.random.default_rng(0)
    # Seed 7 looks left, then right; seed 8 up, then (seldom) down; never a third step.
    centres = {
        7: [rng.normal([10, 25], 2, (500, 2)), rng.normal([40, 25], 2, (500, 2)), np.zeros((0, 2))],
        8: [rng.normal([25, 10], 2, (500, 2)), rng.normal([25, 40], 2, (50, 2)), np.zeros((0, 2))],
    }
    centres[7][0] = np.append(centres[7][0], [[-3.0, 2], [50.5, 2], [2, 1e9]], axis=0)  # beyond
    picture = heatmaps(centres, (50, 50))
    sheet = pixels(picture.data).astype(int)
    left, right = sheet[:200, :200], sheet[:200, 208:408]

    def brightness(panel, x, y):
        return panel[4 * y, 4 * x]

    assert brightness(left, 10, 25).argmax() == 0 and brightness(left, 40, 25).argmax() == 1
    assert brightness(right, 25, 10).argmax() == 0 and brightness(right, 25, 40).argmax() == 1
    assert brightness(right, 25, 40)[1] < 0.3 * brightness(left, 40, 25)[1]
    assert brightness(left, 25, 2).max() < 5
    told = picture.shown["centres_by_pixel"]
    assert [np.sum(step) for step in told["7"]] == [500, 500, 0]
    assert np.array(told["7"][0]).shape == (50, 50)
    # Rows are y: the sum over columns of step 1 of seed 8 peaks near y = 10.
    assert abs(np.sum(told["8"][0], axis=1).argmax() - 10) <= 2


@pytest.mark.parametrize("n", [1, 3, 8])
def test_sample_grid(images, n):
    picture = sample_grid(images[:n])
    sheet = pixels(picture.data)
    columns = {1: 1, 3: 2, 8: 3}[n]
    for i, image in enumerate(images[:n]):
        top, left = 104 * (i // columns), 104 * (i % columns)
        panel = sheet[top : top + 100, left : left + 100].astype(int)
        assert np.abs(panel - enlarge(image, 2)).max() <= 12
    assert np.array_equal(images_of(picture.shown["images"], 50), as_bytes(images[:n]))


def scene(*boxes_and_windows):
    objects = tuple(SceneObject(1.0, w, b, np.zeros(2)) for w, b in boxes_and_windows)
    return Scene("a.png", np.array([0.1, 0.1, 0.8]), objects)


def test_overlay(images, tmp_path):
    found = scene(
        ((10.0, 10.0, 40.0, 40.0), (15.0, 15.0, 35.0, 35.0)),
        ((0.0, 0.0, 8.0, 8.0), (1.0, 1.0, 6.0, 6.0)),
    )
    picture = overlay(images[0], found)
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == picture.data
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["count"] == 2 and told["boxes"][1] == [1, 1, 6, 6]
    assert np.array_equal(images_of(told["image"], 50), as_bytes(images[:1]))
    sheet = pixels(picture.data)
    assert sheet.shape == (428, 400, 3)
    row = (sheet[200, :200] == RED).all(axis=-1).nonzero()[0]
    assert row.tolist() == [80, 120, 121, 122]  # the window's line of 1, the box's of 3
    assert has(sheet[:64, :64], GREEN)


def test_overlay_of_nothing_and_of_other_sizes():
    none = overlay(np.zeros((50, 50)), scene())
    assert none.shown["boxes"] == [] and none.shown["count"] == 0
    found = scene(((300.0, 300.0, 900.0, 900.0), (400.0, 400.0, 800.0, 800.0)))
    picture = overlay(np.full((1000, 1600), 0.5), found)
    large = pixels(picture.data)
    assert picture.shown["boxes"] == [[400, 400, 800, 800]]  # in pixels of the image given
    assert large.shape == (528, 800, 3)
    row = (large[300] == RED).all(axis=-1).nonzero()[0]
    assert row.tolist() == [150, 200, 201, 202, 397, 398, 399, 449]
    assert pixels(overlay(np.full((450, 300), 0.5), scene()).data).shape == (478, 300, 3)


def test_film(images, make_stage):
    stages = [make_stage(step) for step in range(0, 400, 40)]
    picture = learning_film(images, stages)
    film = Image.open(io.BytesIO(picture.data))
    assert film.format == "GIF" and film.n_frames == len(stages) and film.info["loop"] == 0
    durations, width = [], 8 * 104 - 4
    for stage, told, i in zip(stages, picture.shown["stages"], range(100), strict=False):
        film.seek(i)
        durations.append(film.info["duration"])
        frame = np.asarray(film.convert("RGB")).astype(int)
        assert frame.shape[1] == width
        for column, image in enumerate(images):
            left = 104 * column
            window = stage.windows[column, : stage.counts[column]]
            drawn = draw_windows(stage.reconstructions[column], window, 2).astype(int)
            for top, expected in ((0, enlarge(image, 2)), (104, drawn)):
                panel = frame[top : top + 100, left : left + 100]
                assert np.abs(panel - expected).mean() < 6
            panel = frame[104:204, left : left + 100]
            assert all(has(panel, c) == has(drawn, c) for c in STEP_COLOURS)
        assert told["step"] == stage.step
    assert durations[-1] > 5 * durations[0] and len(set(durations[:-1])) == 1


def test_a_film_of_forty_frames_is_small(images, make_stage):
    film = learning_film(images, [make_stage(step) for step in range(0, 1600, 40)])
    assert len(film.data) < 300_000
