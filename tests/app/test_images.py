"""`airscene images` looks at images before anything is trained."""

import io
import json
import shlex

import numpy as np
import pytest
from PIL import Image

from airscene.app.cli import main
from airscene.app.text_picture import RAMP, block_picture, plain_picture


def write(folder, n=6, size=(90, 90), seed=0):
    """Images of two or three dark discs of radius 8 on a light ground, apart from each other."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    rows, columns = np.indices(size) + 0.5
    for k in range(n):
        image = np.full(size, 180, np.uint8)
        places: list[np.ndarray] = []
        while len(places) < 2 + k % 2:
            place = rng.uniform(9, 81, 2)
            if all(np.hypot(*(place - other)) > 22 for other in places):
                places.append(place)
        for x, y in places:
            image[np.hypot(columns - x, rows - y) < 8] = 50
        Image.fromarray(image).save(folder / f"{seed}{k:02}.png")
    return folder


def told(capsys, *arguments):
    assert main(["images", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_it_says_what_images_are_like_and_how_to_train(tmp_path, capsys):
    folder = write(tmp_path / "my images")
    said = told(capsys, folder)
    assert "6 images of 90x90 pixels, grey" in said
    assert "ground    " in said and "contrast  " in said
    assert "! there are fewer than 10 images" in said
    pixels = int(said.split("the longer side ")[1].split()[0])
    assert 15 <= pixels <= 23
    command = said.split("Train with: ")[1]
    train = ["airscene", "train", "images", "--images", str(folder), "--out", "runs/mine"]
    assert shlex.split(command) == train


def test_a_size_that_is_given_is_in_the_command(tmp_path, capsys):
    folder = write(tmp_path / "a")
    said = told(capsys, folder, "--object-size", "20px")
    assert said.endswith("--object-size 20px --out runs/mine\n")


def test_a_region_is_looked_at_alone_and_in_the_command(tmp_path, capsys):
    folder = write(tmp_path / "a")
    for file in folder.iterdir():
        image = np.asarray(Image.open(file))
        beside = np.random.default_rng(0).integers(0, 256, (90, 60), np.uint8)
        Image.fromarray(np.concatenate([image, beside], axis=1)).save(file)
    said = told(capsys, folder, "--region", "0", "0", "0.6", "1")
    assert said.endswith("--region 0.0 0.0 0.6 1.0 --out runs/mine\n")
    assert 15 <= int(said.split("the longer side ")[1].split()[0]) <= 23
    assert main(["images", str(folder), "--region", "0.6", "0", "0", "1"]) == 2


def test_unusual_images_have_a_line_each(tmp_path, capsys):
    folder = write(tmp_path / "a")
    write(folder, n=2, size=(90, 120), seed=1)
    (folder / "broken.png").write_bytes(b"\x89PNG no more")
    said = told(capsys, folder)
    assert "2 sizes: 90x90 (6), 120x90 (2)" in said
    assert "! the images differ in size" in said
    assert said.count("! damaged: ") == 1 and said.count("broken.png") == 1


def test_images_that_cannot_be_trained_on_get_no_command(tmp_path, capsys):
    for k in range(3):
        Image.new("L", (60, 60), 90).save(tmp_path / f"{k}.png")
    said = told(capsys, tmp_path)
    assert "alike" in said and "Train with" not in said


def test_a_sheet_is_written_if_asked_for(tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    told(capsys, write(tmp_path / "a", n=11), "--out", sheet)
    picture = Image.open(io.BytesIO(sheet.read_bytes()))
    assert picture.width > 1000
    shown = json.loads(sheet.with_suffix(".json").read_text())
    assert [len(one["circles"]) for one in shown["images"]] == [2, 3] * 5 + [2]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--out", "sheet.jpg"), "the name of a .png file"),
        (("--object-size", "40mm"), "--object-size is 40mm"),
    ],
)
def test_wrong_options_are_refused(tmp_path, refused, arguments, why):
    assert why in refused("images", write(tmp_path / "a", n=2), *arguments)


def test_an_empty_folder_is_refused(tmp_path, refused):
    assert "no image in the folder" in refused("images", tmp_path)


def test_a_plain_picture_is_dark_where_the_image_is():
    image = np.zeros((40, 40))
    image[:, 20:] = 1.0
    lines = plain_picture(image, 10, 5).splitlines()
    assert len(lines) == 5
    assert all(line.startswith(4 * " ") and line.endswith(4 * RAMP[-1]) for line in lines)


def test_blocks_are_two_pixels_a_character():
    image = np.zeros((8, 8, 3))
    image[:4, :, 0] = 1.0
    text = block_picture(image, 4, 4)
    assert [len(line) for line in text.plain.splitlines()] == [4, 4]
    assert [str(span.style).split(",")[0] for span in text.spans[::4]] == ["rgb(255", "rgb(32"]
