"""Tetrominoes against their definition. Tolerances are five standard errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.images.config import DataConfig
from airscene.images.sets.tetrominoes import COLOURS, PIECES, tetrominoes


def cells(piece):
    return np.array([[cell == "#" for cell in row] for row in piece.split("/")])


def test_there_are_all_rotations_but_of_s_and_z():
    shapes = {(cells(piece).shape, cells(piece).tobytes()) for piece in PIECES}
    assert len(shapes) == 17 and all(cells(piece).sum() == 4 for piece in PIECES)
    turned = {
        (shape.shape, shape.tobytes())
        for piece in PIECES
        for shape in (np.rot90(cells(piece), i).copy() for i in range(4))
    }
    assert len(turned) == 19 and turned > shapes
    assert {shape for shape, _ in turned - shapes} == {(3, 2)}


@settings(max_examples=10)
@given(st.integers(0, 2**32))
def test_truth(check_masks, seed):
    scenes = tetrominoes(40, seed=seed)
    assert scenes.images.shape == (40, 35, 35, 3) and set(scenes.counts) == {3}
    check_masks(scenes, len(PIECES))
    for image, mask, labels, boxes in zip(
        scenes.images, scenes.masks, scenes.labels, scenes.boxes.astype(int), strict=True
    ):
        assert not image[mask == 0].any()
        for k in range(3):
            x0, y0, x1, y1 = boxes[k]
            whole = np.kron(cells(PIECES[labels[k]]), np.ones((5, 5), bool))
            assert np.array_equal(mask[y0:y1, x0:x1] == k + 1, whole)
            assert (mask == k + 1).sum() == 100
            colour = np.unique(image[mask == k + 1], axis=0)
            assert len(colour) == 1 and (colour == COLOURS).all(axis=1).any()


def test_pieces_and_colours_are_equally_likely():
    n = 4000
    scenes = tetrominoes(n, seed=1)
    share = np.bincount(scenes.labels.ravel(), minlength=17) / scenes.labels.size
    assert (np.abs(share - 1 / 17) < 5 * np.sqrt(1 / 17 / (3 * n))).all()
    pixels = scenes.images[scenes.masks > 0]
    share = np.array([(pixels == colour).all(axis=1).mean() for colour in COLOURS])
    assert share.sum() == pytest.approx(1.0)
    assert (np.abs(share - 1 / 6) < 5 * np.sqrt(1 / 6 / (3 * n))).all()


def test_places_reach_every_edge_evenly():
    boxes = tetrominoes(4000, seed=2).boxes
    assert boxes[..., :2].min() == 0 and boxes[..., 2:].max() == 35
    centres = (boxes[..., :2] + boxes[..., 2:]).mean(axis=1) / 2
    error = centres.std(axis=0) / np.sqrt(len(centres))
    assert (np.abs(centres.mean(axis=0) - 17.5) < 5 * error).all()


def test_seeds(check_seeds):
    check_seeds(lambda seed: tetrominoes(30, seed=seed))
    config = DataConfig("tetrominoes", n_train=5, n_test=4)
    assert len(config.load("train")) == 5 and len(config.load("test")) == 4


def test_options_out_of_range():
    for options in ({"n": 0, "seed": 0}, {"n": 1, "seed": -1}):
        with pytest.raises(InputError, match="at least one"):
            tetrominoes(**options)
    with pytest.raises(InputError, match="--counts is not for tetrominoes"):
        DataConfig("tetrominoes", counts=(1,))
