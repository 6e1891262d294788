"""Multi-dSprites against its definition. Tolerances are five standard errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.images.config import DataConfig
from airscene.images.sets.grounds import FIELD, FINE, GROUNDS, draw_grounds, ground_colours
from airscene.images.sets.multi_dsprites import (
    FLATNESS,
    KINDS,
    LARGEST,
    LEAST_CONTRAST,
    SMALLEST,
    _coverage,
    _paint,
    _Poses,
    multi_dsprites,
)


@settings(max_examples=15)
@given(
    st.integers(0, 2**32),
    st.sampled_from([(2, 3, 4, 5), (1,), (0, 3), (0,)]),
    st.sampled_from([16, 48, 64]),
    st.sampled_from(GROUNDS),
)
def test_truth(check_masks, seed, counts, image_size, ground):
    scenes = multi_dsprites(20, seed=seed, counts=counts, image_size=image_size, ground=ground)
    assert scenes.images.shape == (20, image_size, image_size, 3)
    assert set(scenes.counts) <= set(counts) and scenes.labels.shape == (20, max(counts))
    check_masks(scenes, len(KINDS))


@pytest.mark.parametrize("ground", ["grey", "coloured"])
def test_colours_are_flat_and_tell_objects_from_the_ground(ground):
    """Away from edges, each object is of one colour, and so is the ground."""
    scenes = multi_dsprites(100, seed=1, ground=ground)
    for image, mask, count in zip(scenes.images, scenes.masks, scenes.counts, strict=True):
        around = np.lib.stride_tricks.sliding_window_view(mask, (5, 5))
        low, high = around.min(axis=(2, 3)), around.max(axis=(2, 3))
        found = [image[2:-2, 2:-2][(low == k) & (high == k)] for k in range(count + 1)]
        colours = [np.unique(pixels, axis=0).astype(int) for pixels in found]
        assert len(colours[0]) == 1 and all(len(colour) <= 1 for colour in colours)
        assert (ground == "coloured") or len(set(colours[0][0])) == 1
        for colour in colours[1:]:
            assert (np.abs(colour - colours[0]).max(axis=1) >= 255 * LEAST_CONTRAST - 1).all()


def poses(kinds, radii, angles, centres, colours=None):
    n = len(kinds)
    return _Poses(
        np.array([kinds]),
        np.array([radii], np.float32),
        np.array([angles], np.float32),
        np.array([centres], np.float32),
        np.array([colours if colours is not None else np.ones((n, 3))], np.float32),
    )


def test_later_objects_lie_on_earlier_ones():
    red, green = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    canvas = np.zeros((1, 64, 64, 3), np.float32)
    two = poses([0, 0], [10, 10], [0, 0], [(30, 32), (36, 32)], [red, green])
    masks, visible = _paint(canvas, two, np.ones((1, 2), bool))
    assert masks[0, 32, 34] == 2 and masks[0, 32, 25] == 1 and masks[0, 32, 50] == 0
    assert canvas[0, 32, 34].tolist() == list(green) and canvas[0, 32, 25].tolist() == list(red)
    assert visible.tolist() == [[True, True]]
    # One that is not there changes nothing; one that is wholly hidden is not visible.
    masks, visible = _paint(canvas * 0, two, np.array([[True, False]]))
    assert set(np.unique(masks)) == {0, 1} and visible[0, 0]
    same = poses([0, 0], [10, 11], [0, 0], [(32, 32), (32, 32)])
    _, visible = _paint(canvas * 0, same, np.ones((1, 2), bool))
    assert visible.tolist() == [[False, True]]


def inside(kind, radius, angle, centre, points):
    """Whether points lie in a shape, from its definition."""
    x, y = (points - centre).T
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    if KINDS[kind] == "square":
        return np.maximum(np.abs(u), np.abs(v)) < radius / np.sqrt(2)
    if KINDS[kind] == "ellipse":
        return (u / radius) ** 2 + (v / (FLATNESS * radius)) ** 2 < 1
    # A heart, its lowest corner at the origin: the circle around it touches the corner and both
    # round parts.
    side = radius * 1.1213203
    v = v + radius
    square = np.abs(u) < np.minimum(v, np.sqrt(2) * side - v)
    middle = np.array([side, 3 * side]) / np.sqrt(8)
    return square | (np.hypot(np.abs(u) - middle[0], v - middle[1]) < side / 2)


@settings(max_examples=40)
@given(
    st.integers(0, 2),
    st.floats(5, 14),
    st.floats(0, 7),
    st.tuples(st.floats(15, 17), st.floats(15, 17)),
)
def test_coverage_is_that_of_a_fine_grid(kind, radius, angle, centre):
    one = [np.array([value], np.float32) for value in (radius, angle, centre)]
    covered = _coverage(kind, *one, 32)[0]
    axis = (np.arange(32 * 10) + 0.5) / 10
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    fine = inside(kind, radius, angle, np.array(centre), points)
    share = fine.reshape(32, 10, 32, 10).mean(axis=(1, 3))
    assert covered.dtype == np.float32 and 0 <= covered.min() <= covered.max() <= 1
    # Corners and slanting edges are off by some of a pixel; the area is right, and so is the mask.
    assert np.abs(covered - share).max() < 0.35
    assert covered.sum() == pytest.approx(share.sum(), rel=0.05)
    clear = np.abs(share - 0.5) > 0.1
    assert ((covered > 0.5) != (share > 0.5))[clear].sum() <= 4
    # All within the circle around it, and up to it.
    distances = np.hypot(*(points[fine] - centre).T)
    assert radius - 0.2 < distances.max() <= radius + 1e-6


def test_kinds_sizes_and_places():
    n = 3000
    scenes = multi_dsprites(n, seed=2, counts=(1,))
    share = np.bincount(scenes.labels[:, 0], minlength=3) / n
    assert (np.abs(share - 1 / 3) < 5 * np.sqrt(2 / 9 / n)).all()
    boxes = scenes.boxes[:, 0]
    assert boxes[:, :2].min() <= 1 and boxes[:, 2:].max() >= 63
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    error = middles.std(axis=0) / np.sqrt(n)
    assert (np.abs(middles.mean(axis=0) - 32) < 5 * error).all()
    squares = np.flatnonzero(scenes.labels[:, 0] == 0)
    radii = np.sqrt((scenes.masks[squares] > 0).sum(axis=(1, 2)) / 2)
    assert SMALLEST * 64 - 0.3 < radii.min() < radii.max() < LARGEST * 64 + 0.3
    expected, error = 32 * (SMALLEST + LARGEST), radii.std() / np.sqrt(len(radii))
    assert abs(radii.mean() - expected) < 5 * error


@pytest.mark.parametrize("ground", GROUNDS)
def test_grounds(ground):
    rng = np.random.default_rng(3)
    colours = ground_colours(ground, 200, rng)
    grounds = draw_grounds(ground, colours, 40, rng)
    assert grounds.shape == (200, 40, 40, 3) and grounds.dtype == np.float32
    assert 0 <= grounds.min() and grounds.max() <= 1
    assert (np.ptp(colours, axis=1).max() == 0) == (ground == "grey")
    away = np.abs(grounds - colours[:, None, None])
    if ground != "textured":
        assert away.max() == 0
        return
    # Smooth in the large: neighbouring blocks of 10 pixels differ less than the whole field does.
    assert away.max() < FIELD + 6 * FINE and np.median(np.ptp(grounds, axis=(1, 2))) > FIELD / 2
    # Clipping apart, half of them are noise, in which neighbours are independent.
    middling = grounds[(np.abs(colours - 0.5) < 0.2).all(axis=1)].astype(float)
    steps = np.diff(middling, n=3, axis=2).std(axis=(1, 2, 3)) / np.sqrt(20)
    noisy = steps > 0.8 * FINE
    assert steps[noisy] == pytest.approx(FINE, rel=0.1)
    assert 2 <= noisy.sum() <= len(noisy) - 2


def test_seeds(check_seeds):
    for ground in GROUNDS:
        check_seeds(lambda seed, ground=ground: multi_dsprites(20, seed=seed, ground=ground))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"counts": ()}, "counts is"),
        ({"counts": (256,)}, "at most 255"),
        ({"counts": (30,), "n": 256}, "no room for a count of 30"),
        ({"image_size": 15}, "at least 16"),
        ({"n": 0}, "at least one"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        multi_dsprites(**{"n": 2, "seed": 0, **options})


def test_options_of_the_set():
    config = DataConfig.usual("multi-dsprites", ground="coloured", n_train=3)
    assert config.counts == (2, 3, 4, 5) and config.image_size == 64
    assert config.load("train").images.shape == (3, 64, 64, 3)
    assert DataConfig.usual("multi-mnist") == DataConfig("multi-mnist")
    with pytest.raises(InputError, match="--ground is not for sprites"):
        DataConfig("sprites", ground="coloured")
    with pytest.raises(InputError, match="--kind is none"):
        DataConfig.usual("none")
