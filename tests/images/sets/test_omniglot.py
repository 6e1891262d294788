"""Omniglot from each of its sources, damaged archives refused, and its truth.

Most tests put a few drawings in the place of Omniglot, as nothing but the hashes tells them apart.
"""

import dataclasses
import hashlib
import io
import os
import zipfile

import numpy as np
import pooch
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.images import load_omniglot
from airscene.images.config import DataConfig
from airscene.images.sets import downloads, omniglot

# Of the small part; of the whole set.
FILES, WHOLE = tuple(omniglot.OMNIGLOT.sha256)[:4], tuple(omniglot.OMNIGLOT.sha256)[4:]
ALPHABETS = (("Old", "Shared"), ("Shared", "New_(script)"))


def drawing(character, drawer):
    """A vertical bar on white, its place and length told by character and drawer."""
    ink = np.zeros((105, 105), bool)
    ink[10 : 20 + 5 * drawer, 8 * character : 8 * character + 3] = True
    return ink


def png(ink):
    file = io.BytesIO()
    Image.fromarray(~ink).save(file, "PNG")
    return file.getvalue()


def pen(strokes):
    stroke = "1.5,-2.5,0\n2.5,-3.5,40\n"
    return ("START\n" + f"{stroke}BREAK\n" * strokes).encode()


def archive(alphabets, suffix, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("set/.DS_Store", b"junk")
        members.writestr("__MACOSX/set/Old/character01/._0001_01.png", b"junk")
        for alphabet in alphabets:
            for character in range(1, 11):
                for drawer in (1, 2):
                    name = f"set/{alphabet}/character{character:02}/07{character:02}_{drawer:02}"
                    members.writestr(f"{name}.{suffix}", content(character, drawer))
    return file.getvalue()


def git_name(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The archives of a small Omniglot; an empty cache; no mirror; nothing in AIRSCENE_DATA."""
    contents = [archive(a, "png", lambda c, d: png(drawing(c, d))) for a in ALPHABETS]
    contents += [archive(a, "txt", lambda c, d: pen(c + d)) for a in ALPHABETS]
    files = dict(zip((*FILES, *WHOLE), contents + contents, strict=True))
    hashes = {file: hashlib.sha256(files[file]).hexdigest() for file in FILES}
    hashes |= {file: git_name(files[file]) for file in WHOLE}
    small = dataclasses.replace(omniglot.OMNIGLOT, sha256=hashes, mirrors=())
    monkeypatch.setattr(omniglot, "OMNIGLOT", small)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("AIRSCENE_DATA", raising=False)
    downloads.mirrors_that_answer.cache_clear()
    yield files
    downloads.mirrors_that_answer.cache_clear()


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder


def test_every_drawing_once_with_its_truth(small, tmp_path):
    folder = write(tmp_path / "data", small)
    splits = {split: load_omniglot(split, folder, image_size=105) for split in ("train", "test")}
    assert [len(splits[split]) for split in ("train", "test")] == [3 * 8 * 2, 3 * 2 * 2]
    assert set(splits["test"].character) == {5, 10}
    assert not set(splits["train"].character) & {5, 10}
    seen = set()
    for characters in splits.values():
        truth = (characters.alphabet, characters.character, characters.drawer)
        for image, strokes, *key in zip(characters.images, characters.strokes, *truth, strict=True):
            alphabet, character, drawer = key
            assert np.array_equal(image, 255 * drawing(character, drawer).astype(np.uint8))
            assert strokes == character + drawer
            seen.add((str(alphabet), int(character), int(drawer)))
    assert seen == {
        (alphabet, character, drawer)
        for alphabet in ("Old", "Shared", "New_(script)")
        for character in range(1, 11)
        for drawer in (1, 2)
    }
    assert "12 drawings of 6 characters from the folder" in repr(splits["test"])


def test_the_whole_set_is_split_as_it_is_published(small, tmp_path):
    """Its archives are laid out as the small ones, so that these may stand for them."""
    folder = write(tmp_path / "data", {file: small[file] for file in WHOLE})
    for split, alphabets in zip(("train", "test"), ALPHABETS, strict=True):
        found = load_omniglot(split, folder, part="whole", image_size=105)
        assert set(found.alphabet) == set(alphabets) and len(found) == 2 * 10 * 2
        assert set(found.character) == set(range(1, 11))
        assert np.array_equal(found.strokes, found.character + found.drawer)
        assert "Omniglot's whole set" in repr(found)
        scenes = DataConfig("omniglot", omniglot=str(folder), omniglot_part="whole").load(split)
        assert scenes.images.shape == (40, 50, 50)
    with pytest.raises(InputError, match="--omniglot-part is not for sprites"):
        DataConfig("sprites", omniglot_part="whole")


def test_a_damaged_archive_of_the_whole_set(small, tmp_path):
    folder = write(tmp_path / "data", {**small, WHOLE[1]: small[WHOLE[1]][:-1]})
    assert len(load_omniglot("train", folder, part="whole")) == 40
    with pytest.raises(InputError, match=f"not Omniglot's {WHOLE[1]} .* the git name of its"):
        load_omniglot("test", folder, part="whole")
    (folder / WHOLE[3]).unlink()
    with pytest.raises(InputError, match=f"only a part of Omniglot: {WHOLE[3]}"):
        load_omniglot("test", folder, part="whole")


def test_the_way_of_the_pen(small, tmp_path):
    found = load_omniglot("test", write(tmp_path / "data", small), image_size=50)
    paths = found.paths(3)
    assert len(paths) == found.strokes[3] == 12
    for path in paths:
        assert np.allclose(path, np.array([[1.5, 2.5], [2.5, 3.5]]) * 50 / 105)


def test_the_order_of_sources(small, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRSCENE_DATA", str(tmp_path / "data"))
    with pytest.raises(InputError) as caught:
        load_omniglot("test")
    message = str(caught.value)
    assert "names holds no Omniglot; no mirror of Omniglot could be reached: put" in message
    assert all(file in message for file in FILES) and "AIRSCENE_DATA=FOLDER" in message
    assert "\n" not in message
    address, got = serve(small)
    monkeypatch.setattr(
        omniglot, "OMNIGLOT", dataclasses.replace(omniglot.OMNIGLOT, mirrors=(address,))
    )
    assert f"from {address} (kept in the cache)" in load_omniglot("test").source
    assert got == list(FILES)
    assert "from the cache" in load_omniglot("test").source and len(got) == 4
    write(tmp_path / "data" / "omniglot", small)
    assert "folder that AIRSCENE_DATA names" in load_omniglot("test").source


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("how", ["cut short", "altered", "another file"])
def test_damaged_archives_are_refused_in_a_line(small, tmp_path, file, how):
    data = small[file]
    middle = len(data) // 2
    bad = {
        "cut short": data[:middle],
        "altered": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "another file": b"<html>404</html>",
    }[how]
    folder = write(tmp_path / "data", {**small, file: bad})
    with pytest.raises(InputError) as caught:
        load_omniglot("train", folder)
    message = str(caught.value)
    assert str(folder / file) in message and f"Omniglot's {file}" in message
    assert "\n" not in message


def test_a_part_of_omniglot(small, tmp_path):
    folder = write(tmp_path / "data", {FILES[0]: small[FILES[0]]})
    with pytest.raises(InputError, match=f"only a part of Omniglot: {FILES[1]}"):
        load_omniglot("train", folder)
    with pytest.raises(InputError, match="no Omniglot in .*nowhere"):
        load_omniglot("train", tmp_path / "nowhere")
    with pytest.raises(InputError, match="image_size is 0"):
        load_omniglot("train", write(tmp_path / "whole", small), image_size=0)


REAL = os.environ.get("AIRSCENE_DATA")
# As `git ls-tree` of the publisher's repository has it.
NAMED = "9f7a8841ab7aa328da78606307b624eeec5ba0a1"


@pytest.mark.slow
@pytest.mark.skipif(REAL is None, reason="needs Omniglot, in the folder that AIRSCENE_DATA names")
def test_the_real_small_sets_in_place_of_the_whole(monkeypatch, tmp_path):
    found = omniglot.OMNIGLOT.load(FILES, REAL).contents
    assert found is not None and git_name(found[0]) == NAMED
    files = dict(zip(WHOLE, found, strict=True))
    hashes = {file: git_name(data) for file, data in files.items()}
    stands_in = dataclasses.replace(omniglot.OMNIGLOT, sha256=hashes, mirrors=())
    monkeypatch.setattr(omniglot, "OMNIGLOT", stands_in)
    folder = write(tmp_path, files)
    training, held_out = (load_omniglot(s, folder, part="whole") for s in ("train", "test"))
    assert (len(training), len(held_out)) == (2720, 3120)
    assert len(set(training.alphabet)) == len(set(held_out.alphabet)) == 5


@pytest.mark.slow
@pytest.mark.skipif(REAL is None, reason="needs Omniglot, in the folder that AIRSCENE_DATA names")
def test_the_real_drawings():
    try:
        omniglot.OMNIGLOT.load(FILES, REAL)
    except InputError as error:
        if "there is no Omniglot" in str(error):
            pytest.skip("the folder that AIRSCENE_DATA names holds no Omniglot")
        raise
    training, held_out = (load_omniglot(split, REAL) for split in ("train", "test"))
    assert (len(training), len(held_out)) == (3940, 900)
    keys = [set(zip(c.alphabet, c.character, strict=True)) for c in (training, held_out)]
    assert [len(k) for k in keys] == [197, 45] and not keys[0] & keys[1]
    for characters in (training, held_out):
        assert characters.images.shape[1:] == (50, 50)
        assert set(characters.drawer) == set(range(1, 21))
        assert len(set(characters.alphabet)) == 8
        # All reach white, and the ink is a thin part of the image.
        assert (characters.images.max(axis=(1, 2)) == 255).all()
        assert 0.03 < (characters.images > 127).mean() < 0.1
        assert characters.strokes.min() == 1 and 2.0 < characters.strokes.mean() < 3.5
    # The pen's way lies on the ink.
    for i in range(0, len(held_out), 50):
        ink = held_out.images[i] > 0
        points = np.concatenate(held_out.paths(i)).astype(int).clip(0, 49)
        assert ink[points[:, 1], points[:, 0]].mean() > 0.9
    # Most Greek letters take one stroke or two, Korean syllables more.
    means = {a: training.strokes[training.alphabet == a].mean() for a in ("Greek", "Korean")}
    assert means["Greek"] < 2.0 < means["Korean"]
