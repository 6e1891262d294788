"""Grounds: what is fitted is what was there, whatever lies on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.model.background import FITTED
from airscene.model.background.flat import Flat, modes
from airscene.model.background.region import Region, inside, inside_size
from airscene.model.background.set import Set, grounds_of
from airscene.model.background.smooth import Smooth


def with_discs(ground: np.ndarray, n: int, seed: int, value: float, radius: int = 4) -> np.ndarray:
    """A ground with discs on it."""
    rng, image = np.random.default_rng(seed), ground.copy()
    y, x = np.indices(ground.shape[1:])
    for _ in range(n):
        row, column = rng.integers(radius, np.array(ground.shape[1:]) - radius)
        image[:, (y - row) ** 2 + (x - column) ** 2 <= radius**2] = value
    return image


@settings(max_examples=20, deadline=None)
@given(
    level=st.floats(0.1, 0.9),
    apart=st.floats(0.25, 0.5),
    shape=st.tuples(st.integers(40, 90), st.integers(40, 90)),
    n=st.integers(0, 8),
)
def test_flat_finds_the_colour_under_objects(level, apart, shape, n):
    value = level + apart if level < 0.5 else level - apart
    ground = np.full((3, *shape), level, np.float32)
    image = with_discs(ground, n, 0, value)
    flat = Flat()
    found = flat.draw(flat.fit(image), shape)
    assert np.abs(found - ground).max() < 0.01


def test_modes_are_the_colours_that_are_there():
    colours = np.repeat([[0.2, 0.5], [0.8, 0.5], [0.5, 0.9]], [50, 200, 100], axis=0)
    assert np.allclose(list(modes(colours, 2)), [[0.8, 0.5], [0.5, 0.9]])
    assert len(list(modes(colours, 5))) == 3


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_smooth_finds_a_field_under_objects(value):
    y, x = np.mgrid[:80, :100] / 100
    ground = np.stack([0.5 + 0.15 * x - 0.1 * y, 0.6 - 0.1 * x * y, 0.4 + 0.1 * y]).astype(
        np.float32
    )
    image = with_discs(ground, 15, 1, value)
    smooth = Smooth()
    values = smooth.fit(image)
    assert np.abs(smooth.draw(values, (80, 100)) - ground).max() < 0.03
    # The same field in another size: it is told by few numbers.
    assert smooth.draw(values, (40, 50)).shape == (3, 40, 50)
    less = smooth.less(image, values)
    assert np.allclose(less, image - smooth.draw(values, (80, 100)), atol=1e-6)


@pytest.mark.parametrize("width", [6, 10, 14])
def test_smooth_takes_no_border_for_the_ground(width):
    """A dark rim is all that there is along the edge, and little of the image."""
    y, x = np.mgrid[:150, :200] / 200
    ground = np.stack([0.3 + 0.3 * x, 0.6 - 0.3 * y, 0.35 + 0.15 * (x + y)]).astype(np.float32)
    inside = (slice(None), slice(width, -width), slice(width, -width))
    image = np.zeros_like(ground)
    image[inside] = with_discs(ground, 6, 0, 0.95, radius=12)[inside]
    smooth = Smooth()
    off = np.abs(smooth.draw(smooth.fit(image), (150, 200)) - ground)[inside]
    assert np.median(off) < 0.05


def test_smooth_takes_no_large_object_of_one_colour_for_a_ground_that_varies():
    """No colour of the ground is as frequent as the object's."""
    y, x = np.mgrid[:64, :64] / 64
    ground = np.stack([0.3 + 0.3 * x, 0.6 - 0.3 * y, 0.35 + 0.15 * (x + y)]).astype(np.float32)
    image = ground.copy()
    image[:, 10:40, 12:40] = np.array([0.9, 0.1, 0.1])[:, None, None]
    smooth = Smooth()
    (first,) = modes(image.reshape(3, -1).T.astype(float), 1)
    assert np.allclose(first, [0.9, 0.1, 0.1], atol=0.01)
    assert np.abs(smooth.draw(smooth.fit(image), (64, 64)) - ground).max() < 0.05


@pytest.mark.parametrize("radius", [11.0, 12.0, 12.8])
def test_smooth_takes_no_crowd_of_objects_for_the_ground(radius):
    """They cover up to half of the image, in colours that vary as a ground's would."""
    y, x = np.mgrid[:256, :256]
    image, rng = np.full((3, 256, 256), 0.9, np.float32), np.random.default_rng(1)
    for cy in range(16, 256, 32):
        for cx in range(16, 256, 32):
            colour = np.array([0.6, 0.3, 0.4]) + rng.uniform(-0.05, 0.05)
            image[:, np.hypot(x - cx, y - cy) < radius] = colour[:, None]
    smooth = Smooth()
    assert np.abs(smooth.draw(smooth.fit(image), (256, 256)) - 0.9).max() < 0.1


def tray(shape=(60, 80)) -> np.ndarray:
    """A bench with a dark frame on it."""
    ground = np.full((3, *shape), 0.7, np.float32)
    ground[:, 8:-8, 8:-8] = 0.25
    ground[:, 12:-12, 12:-12] = 0.6
    return ground


def test_the_ground_of_a_set_is_what_its_images_share():
    images = [with_discs(tray(), 4, seed, 1.0) for seed in range(15)]
    found = grounds_of(images)
    assert found.are_of_the_set and found.share == 1.0
    assert np.abs(found.templates[0] - tray()).max() < 1e-5


def test_a_set_has_several_grounds():
    bench = np.full((3, 60, 80), 0.7, np.float32)
    bench[:, 50:55, :] = 0.1
    images = [with_discs(g, 3, k, 1.0) for k, g in enumerate([tray(), bench] * 11)]
    found = grounds_of(images)
    assert len(found.templates) == 2 and found.are_of_the_set
    background = Set(found.templates)
    for k, ground in enumerate([tray(), bench]):
        values = background.fit(images[k])
        assert np.abs(background.draw(values, (60, 80)) - ground).max() < 1e-4


def test_the_ground_of_a_set_moves_and_brightens():
    background = Set(tray()[None])
    moved = np.roll(tray(), (2, -3), axis=(1, 2)) + 0.1
    image = with_discs(moved, 5, 3, 1.0)
    which, dx, dy, *added = background.fit(image)
    assert (which, dx, dy) == (0, -3, 2) and np.allclose(added, 0.1, atol=1e-3)
    less = background.less(image, background.fit(image))
    # What is left is the discs, and nothing of the frame.
    assert (np.abs(less).max(axis=0) > 0.05).sum() == (
        np.abs(image - moved).max(axis=0) > 0.05
    ).sum()


def test_images_that_share_nothing_have_no_ground_of_the_set():
    rng = np.random.default_rng(0)
    noise = [rng.random((3, 40, 40)).astype(np.float32) for _ in range(6)]
    assert not grounds_of(noise).are_of_the_set
    # One colour is no ground of a set: a smooth field says as much, of any size.
    plain = [with_discs(np.full((3, 40, 40), 0.8, np.float32), 3, k, 0.1) for k in range(6)]
    assert not grounds_of(plain).are_of_the_set
    assert not grounds_of([tray(), tray((60, 81))] * 3).are_of_the_set


@pytest.mark.parametrize("name", ["black", "flat", "smooth"])
def test_every_ground_is_told_by_numbers(name):
    image = with_discs(np.full((3, 30, 40), 0.5, np.float32), 3, 0, 1.0)
    background = FITTED[name]()
    values = background.fit(image)
    assert values.ndim == 1
    assert background.draw(values, (30, 40)).shape == image.shape
    assert background.less(image, values).dtype == np.float32


BOX = (0.25, 0.1, 0.75, 0.9)


def test_beyond_a_region_all_is_ground():
    y, x = np.mgrid[:60, :80] / 80
    field = np.stack([0.4 + 0.2 * x, 0.5 - 0.1 * y, 0.5 + 0.1 * x]).astype(np.float32)
    image = with_discs(field, 3, 2, 1.0)
    # Things that are none of the objects, and cover most of the image.
    image[:, :, :20], image[:, :, 60:] = 0.0, 1.0
    region = Region(Smooth(), BOX)
    values = region.fit(image)
    drawn = region.draw(values, (60, 80))
    assert np.abs(inside(drawn, BOX) - inside(field, BOX)).max() < 0.03
    assert drawn.shape == image.shape and np.array_equal(drawn[..., 0], drawn[..., 20])
    less = region.less(image, values)
    assert np.allclose(inside(less, BOX), inside(image - drawn, BOX), atol=1e-6)
    outside = np.ones((60, 80), bool)
    outside[6:54, 20:60] = False
    assert not less[:, outside].any() and less[:, ~outside].any()


@given(
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    x=st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda x: x[0] < x[1]),
    y=st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda y: y[0] < y[1]),
)
def test_a_region_has_a_pixel_at_least_and_none_beyond_the_image(size, x, y):
    box = (x[0], y[0], x[1], y[1])
    height, width = inside_size(size, box)
    assert 1 <= height <= size[0] and 1 <= width <= size[1]
    assert inside(np.zeros((2, *size)), box).shape == (2, height, width)
