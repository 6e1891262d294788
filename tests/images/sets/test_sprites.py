"""Sprites against their definition. Tolerances are five standard errors; the seeds are fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.images import sprites
from airscene.images.config import DataConfig
from airscene.images.sets.sprites import KINDS, _overlaps, _Poses

# Area over the square of what is called the size: a circle's, a square's, a diamond's.
AREAS = np.array([np.pi / 4, 1.0, 0.5])


@settings(max_examples=20)
@given(
    st.integers(0, 2**32),
    st.sampled_from([(0, 1, 2), (1,), (2,), (0, 0, 1), (0,)]),
    st.integers(19, 64),
)
def test_truth(seed, counts, image_size):
    scenes = sprites(40, seed=seed, counts=counts, image_size=image_size)
    assert scenes.images.shape == (40, image_size, image_size, 3)
    assert set(scenes.counts) <= set(counts) and scenes.labels.shape == (40, max(counts))
    there = np.arange(max(counts)) < scenes.counts[:, None]
    assert np.array_equal(scenes.labels >= 0, there) and scenes.labels.max(initial=0) < len(KINDS)
    assert np.array_equal(~np.isnan(scenes.boxes).any(axis=2), there)
    for i in range(40):
        outside = scenes.images[i].copy()
        for label, box in zip(scenes.labels[i], scenes.boxes[i], strict=True):
            if label < 0:
                continue
            x0, y0, x1, y1 = box.astype(int)
            assert 0 <= x0 < x1 <= image_size and 0 <= y0 < y1 <= image_size
            assert 12 <= min(x1 - x0, y1 - y0) + 1 and max(x1 - x0, y1 - y0) <= 19
            inside = scenes.images[i, y0:y1, x0:x1, label] > 0
            assert inside[0].any() and inside[-1].any() and inside[:, [0, -1]].any(axis=0).all()
            outside[y0:y1, x0:x1, label] = 0
        assert not outside.any()


def test_sprites_add_up_and_never_clip():
    one = sprites(2000, seed=1, counts=(1,)).images
    assert set(one.max(axis=(1, 2, 3))) == {127}
    scenes = sprites(4000, seed=2, counts=(2,))
    brightest = scenes.images.max(axis=(1, 2, 3))
    # Well overlapping sprites of one kind share whole pixels, twice as bright.
    assert (brightest[scenes.overlaps > 0.3] == 254).all()
    assert (brightest[scenes.overlaps == 0] <= 127).all()


def test_shapes_have_their_area_and_nothing_is_lost_where_they_overlap():
    """The light of a scene is that of its sprites; the mean square of 12..18 is 228."""
    n = 6000
    for counts in ((1,), (2,)):
        scenes = sprites(n, seed=3, counts=counts)
        light = scenes.images.sum(axis=(1, 2)) / 127.0
        shares = np.stack([(scenes.labels == k).mean() for k in range(3)])
        expected = counts[0] * 228.0 * AREAS / 3.0
        error = light.std(axis=0) / np.sqrt(n)
        # Beside chance: half a grey level of rounding on each pixel of an edge.
        assert (np.abs(light.mean(axis=0) - expected) < 5 * error + 0.004 * expected).all()
        assert (np.abs(shares - 1 / 3) < 5 * np.sqrt(2 / 9 / n)).all()


def test_an_antialiased_shape_has_the_area_of_its_size():
    """Each sprite by itself: its size is the width of its ink, to a pixel."""
    scenes = sprites(500, seed=4, counts=(1,))
    light = scenes.images.sum(axis=(1, 2, 3)) / 127.0
    sizes = np.sqrt(light / AREAS[scenes.labels[:, 0]])
    widths = scenes.boxes[:, 0, 2] - scenes.boxes[:, 0, 0]
    assert sizes.min() > 11.9 and sizes.max() < 18.1
    assert (widths > sizes - 1.0).all() and (widths < sizes + 2.0).all()


def test_places_are_uniform_inside_the_image():
    scenes = sprites(8000, seed=5, counts=(1,))
    boxes = scenes.boxes[:, 0]
    sides = boxes[:, 2:] - boxes[:, :2]
    along = boxes[:, :2] / (50.0 - sides)
    assert along.min() == 0.0 and along.max() == 1.0
    assert (np.abs(along.mean(axis=0) - 0.5) < 5 * np.sqrt(1 / 12 / 8000)).all()
    # Of a uniform variable the square has mean 1/3 and variance 4/45.
    assert (np.abs((along**2).mean(axis=0) - 1 / 3) < 5 * np.sqrt(4 / 45 / 8000) + 0.003).all()
    assert abs(np.corrcoef(along.T)[0, 1]) < 5 / np.sqrt(8000)


def mask(kind, size, corner, points):
    """Whether points lie in a sprite."""
    x, y = np.abs(points - (corner + size / 2.0)).T
    half = size / 2.0
    return (x**2 + y**2 < half**2, np.maximum(x, y) < half, x + y < half)[kind]


@settings(max_examples=30)
@given(
    st.integers(0, 2),
    st.tuples(st.floats(12, 18), st.floats(12, 18)),
    st.tuples(st.floats(0, 16), st.floats(0, 16)),
)
def test_overlap_is_that_of_a_fine_grid(kind, sizes, offset):
    corners = np.array([[0.0, 0.0], offset])
    poses = _Poses(np.full((1, 2), kind), np.array([sizes]), corners[None])
    axis = (np.arange(700) + 0.5) / 20.0
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    a, b = (mask(kind, sizes[i], corners[i], points) for i in (0, 1))
    expected = (a & b).sum() / min(a.sum(), b.sum())
    assert _overlaps(poses)[0] == pytest.approx(expected, abs=0.01)
    apart = poses._replace(kinds=np.array([[kind, (kind + 1) % 3]]))
    assert _overlaps(apart)[0] == 0.0


def test_sprites_in_the_same_place_overlap_wholly():
    for kind in range(3):
        poses = _Poses(np.full((2, 2), kind), np.full((2, 2), 15.0), np.full((2, 2, 2), 4.0))
        poses.sizes[1, 1] = 12.0
        poses.corners[1, 1] += 1.0
        assert _overlaps(poses) == pytest.approx(1.0, abs=1e-6)


def test_scenes_of_much_overlap_only():
    """They are what picking them from all scenes of two gives."""
    picked = sprites(1000, seed=6, counts=(2,), least_overlap=0.5)
    assert picked.overlaps.min() >= 0.5 and picked.overlaps.max() <= 1.0
    assert np.array_equal(picked.labels[:, 0], picked.labels[:, 1])
    plain = sprites(20_000, seed=7, counts=(2,))
    hard = plain.overlaps[plain.overlaps >= 0.5]
    error = np.sqrt(picked.overlaps.var() / 1000 + hard.var() / len(hard))
    assert abs(picked.overlaps.mean() - hard.mean()) < 5 * error
    assert 300 < len(hard) < 1200


def test_sprites_of_full_brightness_clip():
    """With the same seed, the same sprites: twice as bright, and white at most."""
    halves, full = (sprites(300, seed=10, overlapping=how) for how in ("sum", "clip"))
    expected = np.minimum(halves.images * (255.0 / 127.0), 255.0)
    # Half a grey level of rounding for each sprite, twice that for those of half the brightness.
    assert np.abs(full.images - expected).max() <= 3.1
    assert np.array_equal(halves.labels, full.labels)
    assert np.array_equal(halves.overlaps, full.overlaps)
    assert (full.images[halves.images > 127] == 255).all() and (halves.images > 127).any()


def test_the_second_sprite_covers_the_first():
    clipped, hidden = (sprites(500, seed=11, counts=(2,), overlapping=h) for h in ("clip", "over"))
    n = 0
    for i, (first, second) in enumerate(hidden.labels):
        if first == second:
            # One colour: of what both cover in part, a little less than the sum.
            assert (hidden.images[i] <= clipped.images[i].astype(int) + 1).all()
            continue
        assert np.array_equal(hidden.images[i, ..., second], clipped.images[i, ..., second])
        under = clipped.images[i, ..., first] * (1.0 - clipped.images[i, ..., second] / 255.0)
        # The first is rounded twice, and the share that the second covers once.
        assert np.abs(hidden.images[i, ..., first] - under).max() <= 1.6
        both = (clipped.images[i, ..., [first, second]] == 255).all(axis=0)
        assert (hidden.images[i, ..., first][both] == 0).all()
        n += both.sum()
    assert n > 1000


def test_other_data_do_not_overlap_so():
    with pytest.raises(InputError, match="--overlapping is not for multi-mnist"):
        DataConfig("multi-mnist", overlapping="over")


def test_a_seed_decides_the_scenes():
    first, same, other = (sprites(50, seed=seed) for seed in (8, 8, 9))
    assert np.array_equal(first.images, same.images)
    assert np.array_equal(first.overlaps, same.overlaps)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"counts": (0, 3)}, "at most 2 sprites"),
        ({"counts": ()}, "counts is"),
        ({"image_size": 18}, "at least 19"),
        ({"n": 0}, "at least one"),
        ({"n": 10_000_000}, "do not fit in memory"),
        ({"least_overlap": 0.5}, "should be 2"),
        ({"least_overlap": 1.0, "counts": (2,)}, "below 0.95"),
        ({"least_overlap": -0.1, "counts": (2,)}, "from 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        sprites(**{"n": 5, "seed": 0, **options})
