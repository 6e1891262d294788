"""Images that are unlike those of training: they are what they are said to be, and are counted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.images.config import DataConfig
from airscene.paper.strange import (
    held_out,
    of_size,
    photograph_folder,
    photographs,
    strange_images,
)
from airscene.paper.unlike import KINDS, unlike, unlike_row

DIGITS = DataConfig(digits="bundled")
SPRITES = DataConfig(kind="sprites", n_train=30_000)


@pytest.mark.parametrize("data", [DIGITS, SPRITES], ids=["digits", "sprites"])
def test_every_kind_is_made(data):
    made = dict(strange_images(data, 6))
    assert {*made, "photographs"} == set(KINDS)
    channels = 1 if data is DIGITS else 3
    for images in made.values():
        assert images.shape == (6, channels, 50, 50)
        assert images.min() >= 0.0 and images.max() <= 1.0
    scenes = held_out(data, 6)
    np.testing.assert_allclose(made["inverted"], 1.0 - scenes)
    assert made["ground_0.2"].min() == pytest.approx(0.2)
    assert np.isclose(np.sort(made["noise_0.1"].ravel())[-1], 0.4, atol=0.15)
    # Three times as much as in scenes of two.
    two = held_out(data, 6, 504, (2,))
    assert made["six_objects"].mean() > 2.0 * two.mean()


def test_objects_are_half_and_twice_as_large():
    def side(images):
        ink = images[:, 0] > 0.2
        return np.mean([np.ptp(np.flatnonzero(one.any(axis=1))) for one in ink if one.any()])

    one = held_out(DIGITS, 30, 501, (1,))
    few = DataConfig(digits="bundled", counts=(0, 1))
    assert side(of_size(few, 30, 2.0)) == pytest.approx(side(one) / 2, rel=0.15)
    assert side(of_size(few, 30, 0.5)) == pytest.approx(side(one) * 2, rel=0.15)


def test_photographs_are_cut_and_fitted(tmp_path):
    (tmp_path / "own" / "few").mkdir(parents=True)
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "own" / "few" / "a.png")
    for channels in (1, 3):
        seen = photographs(tmp_path / "own", 5, channels, (20, 16))
        assert seen.shape == (5, channels, 20, 16) and 0.3 < seen.mean() < 0.7
    with pytest.raises(InputError, match="no pictures"):
        photographs(tmp_path, 5, 1, (20, 16))


def test_where_there_are_no_photographs_they_are_skipped(monkeypatch, tmp_path):
    monkeypatch.delenv("AIRSCENE_DATA", raising=False)
    assert photograph_folder() is None
    monkeypatch.setenv("AIRSCENE_DATA", str(tmp_path))
    assert photograph_folder() is None
    (tmp_path / "own").mkdir()
    assert photograph_folder() == tmp_path / "own"


def test_units_are_of_the_weights_that_are_there():
    runs = [unit.run for unit in unlike().units]
    assert "multi-mnist" in runs and "tabletop" not in runs
    assert all(len(unit.configuration["weights_sha256"]) == 64 for unit in unlike().units)


@pytest.mark.slow
def test_a_row(monkeypatch):
    monkeypatch.delenv("AIRSCENE_DATA", raising=False)
    row = unlike_row("sprites", 20, 40, Path())
    assert "photographs_skipped" in row and row["held_out"] < 0.2
    assert row["noise_0.3"] == row["inverted"] == 1.0
