"""Which pixels are of an object."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from airscene.inference.patches.objects import Found
from airscene.inference.patches.pixels import EDGE, changed, likely
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import Calibration, PatchConfig

KNOWN = Calibration(size=0.1, short_side=100.0, contrast=0.4, noise=0.0, sigma=0.1, worth=400.0)
CONFIG = PatchConfig(
    channels=3, object_size="20px", colours="one", background="smooth", calibration=KNOWN
)
RED, BLUE = (np.array(c, np.float32)[:, None, None] for c in ((0.5, 0, 0), (0, 0, 0.5)))
Y, X = np.mgrid[:48, :48] + 0.5
SQUARE = (abs(X - 24) < 7) & (abs(Y - 24) < 7)


def disc(radius, softness=0.5):
    """A soft disc of red, as a network may draw a square."""
    mask = 1.0 / (1.0 + np.exp((np.hypot(X - 24, Y - 24) - radius) * softness))
    mask = mask.astype(np.float32)
    return Found(
        (0, 0),
        RED * mask,
        mask,
        0.0,
        np.array([24, 24], np.float32),
        15.0,
        np.zeros(16, np.float32),
    )


@pytest.fixture(scope="module")
def one():
    return PatchAIR(CONFIG, key=jax.random.key(0))


@pytest.mark.parametrize("radius", [6.0, 7.5, 9.0])
def test_of_one_colour_the_edge_is_that_of_the_image(one, radius):
    image = RED * SQUARE
    assert ((likely(one, disc(radius), image, np.zeros_like(image)) > 0) == SQUARE).all()


def test_what_hides_it_is_not_of_it(one):
    hiding = SQUARE & (X > 26)
    image, without = RED * (SQUARE & ~hiding) + BLUE * hiding, BLUE * hiding
    got = likely(one, disc(7.5), image.astype(np.float32), without.astype(np.float32))
    assert ((got > 0) == (SQUARE & ~hiding)).all()


def test_the_same_colour_elsewhere_and_specks_are_not_of_it_and_holes_are(one):
    image = RED * SQUARE
    image[:, 20:22, 20:22] = 0.0
    image[:, 4:8, 4:8] = RED
    image[:, 13, 24] = RED[:, 0, 0]
    assert ((likely(one, disc(7.5), image, np.zeros_like(image)) > 0) == SQUARE).all()


def test_of_many_colours_it_is_what_changes_the_canvas():
    found = disc(7.5)
    strength = np.sqrt(np.square(found.drawn).sum(axis=0))
    got = changed(found) > 0
    assert strength[got].min() > strength[~got].max()
    level = EDGE * np.quantile(strength[strength > 0.02], 0.9)
    assert got.sum() == (strength > level).sum()
    nothing = replace(found, drawn=0.0 * found.drawn)
    assert not (changed(nothing) > 0).any()
