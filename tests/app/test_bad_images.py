"""What `airscene infer` says of images that it cannot use: one line, and nothing is written."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from airscene.app.cli import main


def png(width, height, pixels=b""):
    """A PNG file with any size in its header."""

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def whole_png():
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 16), np.uint8)).save(file, "png")
    return file.getvalue()


def array(save, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def npy(values):
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


FLOATS = np.zeros((2, 12, 16))
ONE_NAN = FLOATS.copy()
ONE_NAN[1, 3, 4] = np.nan

CASES = {
    "not an image": ("x.png", b"hello", "is not an image"),
    "empty": ("x.png", b"", "is empty"),
    "truncated": ("x.png", whole_png()[:60], "cut short or damaged"),
    "huge header": ("x.png", png(100_000, 100_000), "100,000,000 pixels"),
    "larger than Pillow reads": ("x.png", png(2**31 - 1, 2**31 - 1), "100,000,000 pixels"),
    "all NaN": ("x.npy", npy(np.full((12, 16), np.nan)), "all values are NaN"),
    "one NaN": ("x.npy", npy(ONE_NAN), "x.npy[1]: 1 of 192 values are NaN"),
    "beyond 1": ("x.npy", npy(FLOATS + 1.5), "should be in [0, 1]"),
    "below 0": ("x.npy", npy(FLOATS - 0.5), "should be in [0, 1]"),
    "objects": ("x.npy", npy(np.array([{}, {}], object)), "Python objects, which are never loaded"),
    "complex": ("x.npy", npy(np.zeros((12, 16), complex)), "is of type complex128"),
    "negative": ("x.npy", npy(np.full((12, 16), -1)), "values from -1 to -1"),
    "beyond 65535": ("x.npy", npy(np.full((12, 16), 70_000)), "values from 70000 to 70000"),
    "one row": ("x.npy", npy(np.zeros(16)), "of shape [16]"),
    "no pixels": ("x.npy", npy(np.zeros((0, 12, 16))), "is empty"),
    "cut npy": ("x.npy", npy(FLOATS)[:500], "cut short"),
    "no images": ("x.npz", array(np.savez, pictures=FLOATS), "has no array 'images'"),
    "objects in npz": (
        "x.npz",
        array(np.savez, images=np.array([{}], object)),
        "Python objects, which are never loaded",
    ),
    "rank": ("x.npz", array(np.savez, images=FLOATS[0, 0]), "of shape [16]"),
    "rank 2": ("x.npz", array(np.savez, images=FLOATS[0]), "of shape [12, 16]"),
    "not a zip": ("x.npz", b"PK nothing", "not a NumPy .npz file"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_image(case, weights, tmp_path, refused):
    name, content, wanted = CASES[case]
    (tmp_path / name).write_bytes(content)
    out, pictures = tmp_path / "scenes.json", tmp_path / "pictures"
    out.write_text("before")
    line = refused("infer", weights, tmp_path / name, "--out", out, "--overlay", pictures)
    assert wanted in line
    assert name in line
    assert out.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["scenes.json", name])


def test_an_image_of_another_size_offers_to_resize(weights, tmp_path, refused):
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "x.png")
    line = refused("infer", weights, tmp_path / "x.png")
    assert "x.png is 30x20 pixels, the model takes 16x12" in line
    assert "--resize" in line


def test_the_second_of_two_images_is_named(weights, tmp_path, refused):
    (tmp_path / "a.png").write_bytes(whole_png())
    (tmp_path / "b.png").write_bytes(b"x")
    line = refused("infer", weights, tmp_path, "--on-error", "stop")
    assert "b.png is not an image" in line


def test_an_empty_folder(weights, tmp_path, refused):
    assert "no image in the folder" in refused("infer", weights, tmp_path)


def test_a_pattern_without_a_match(weights, tmp_path, refused):
    assert "nothing matches" in refused("infer", weights, tmp_path / "*.png")


def test_a_missing_file(weights, tmp_path, refused):
    assert "there is no file" in refused("infer", weights, tmp_path / "x.png")


def test_images_of_several_sizes_are_no_data_set(tmp_path, refused):
    for i, side in enumerate((20, 30)):
        Image.fromarray(np.zeros((side, side), np.uint8)).save(tmp_path / f"{i}.png")
    line = refused("train", "small-images", "--images", tmp_path, "--out", tmp_path / "run")
    assert "1.png is 30x30 pixels, the images before it 20x20" in line
    assert not (tmp_path / "run").exists()


def test_black_images_are_no_data_set(tmp_path, refused):
    np.save(tmp_path / "x.npy", np.zeros((1000, 12, 16), np.uint8))
    line = refused(
        "train", "small-images", "--images", tmp_path / "x.npy", "--out", tmp_path / "run"
    )
    assert "all black" in line
    assert not (tmp_path / "run").exists()


def test_a_warning_stands_before_the_line_that_refuses(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((5, 12, 16), np.uint8))
    images, out = str(tmp_path / "x.npy"), str(tmp_path / "run")
    assert main(["train", "small-images", "--images", images, "--out", out]) == 2
    warning, refusal = capsys.readouterr().err.splitlines()
    assert warning.startswith("airscene: warning: there are 5 images")
    assert refusal.startswith("airscene: the images are all black")
