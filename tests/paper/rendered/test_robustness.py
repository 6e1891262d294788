"""Looks never seen are looks that training does not draw."""

import numpy as np

from airscene.graphics import TABLETOP, sample_scenes
from airscene.graphics.look import Look, LookSpread
from airscene.paper.rendered.robustness import TESTS, unseen
from airscene.runs.presets.rendered import LOOKS


def test_colours_and_sizes_are_beyond_those_of_training():
    seen = LOOKS.look
    for look in TESTS.values():
        drawn = sample_scenes(TABLETOP, 50, seed=0, look=look)
        scenes = unseen(drawn, look)
        np.testing.assert_array_equal(scenes.poses, drawn.poses)
        ours, before = Look.unpack(scenes.look), Look.unpack(drawn.look)
        for name in ("size", "colour"):
            sizes = np.abs(getattr(ours, name))
            most, known = getattr(look, name), getattr(seen, name)
            if most:
                assert known < sizes.min() and sizes.max() <= most
                assert np.array_equal(np.sign(getattr(ours, name)), np.sign(getattr(before, name)))
            else:
                assert not sizes.any()
        for name in ("light", "table_colour", "table"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(before, name))


def test_looks_of_training_stay():
    drawn = sample_scenes(TABLETOP, 5, seed=0, look=LookSpread())
    np.testing.assert_allclose(unseen(drawn, LookSpread()).look, drawn.look)
