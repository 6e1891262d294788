"""The photographs that come with the package."""

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.images.given import EXAMPLE
from airscene.images.load import load_images
from airscene.images.own import OwnConfig

MOST = 1_000_000


def test_it_is_small_has_its_licence_and_is_read():
    files = sorted(EXAMPLE.iterdir())
    assert sum(file.stat().st_size for file in files) < MOST
    assert "Copyright" in (EXAMPLE / "LICENSE.txt").read_text()
    own = OwnConfig(example=True).load()
    assert len(own.named) == len(files) - 1 == 42
    assert not own.damaged and own.channels == 3
    assert {image.shape for _, image in own.named} == {(320, 320, 3)}


def test_its_name_stands_for_it_unless_such_a_folder_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(load_images("example")) == 42
    (tmp_path / "example").mkdir()
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "example" / "mine.png")
    assert [name for name, _ in load_images("example")] == ["example/mine.png"]


def test_it_is_not_given_beside_others():
    with pytest.raises(InputError, match="--example and --images are both given; give one"):
        OwnConfig(images=("x.png",), example=True)
