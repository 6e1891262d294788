"""Worlds in weights: an MJCF file and what it names, packed into a text and unpacked from it."""

import json
from pathlib import Path

import pytest

from airscene.errors import InputError
from airscene.graphics.mujoco import bundle
from airscene.graphics.mujoco.mjcf import digest


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    folder = tmp_path / "here" / "scenes"
    folder.mkdir(parents=True)
    (folder / "room.xml").write_text('<mujoco><include file="../lamp.xml"/></mujoco>')
    (folder.parent / "lamp.xml").write_text("<mujoco/>")
    return folder / "room.xml"


def test_unpacking_inverts_packing(room):
    text, was = bundle.pack(str(room)), digest(str(room))
    found = Path(bundle.unpack(text, was))
    assert found != room and found.read_bytes() == room.read_bytes()
    assert (found.parent.parent / "lamp.xml").read_text() == "<mujoco/>"
    assert digest(str(found)) == was
    # A file of the cache that someone changed is written anew.
    found.write_text("<mujoco></mujoco>")
    assert digest(bundle.unpack(text, was)) == was


def test_files_that_are_too_large_stay_where_they_are(room, monkeypatch):
    monkeypatch.setattr(bundle, "LARGEST_BUNDLE", 10)
    assert bundle.pack(str(room)) is None


def test_damaged_or_foreign_files_are_refused(room, tmp_path):
    text, was = bundle.pack(str(room)), digest(str(room))
    outside = json.loads(text.replace("lamp.xml", "../../lamp.xml"))
    for wrong in (text[:-9], "{}", "[]", json.dumps(outside), text.replace("eJ", "xx")):
        with pytest.raises(InputError, match="files of its world are damaged"):
            bundle.unpack(wrong, was)
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match="not those that it was trained on"):
        bundle.unpack(text, "0" * 64)
