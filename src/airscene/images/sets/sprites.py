"""Sprites: scenes of coloured shapes that overlap, with their truth."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from airscene.errors import InputError
from airscene.images.sets.data_set import blank_scenes
from airscene.images.truth import LabelledScenes, ink_boxes

# Labels index these; kind and colour go together, and label k is channel k.
KINDS = ("red circle", "green square", "blue diamond")
# Pixels across: the circle's diameter, the square's side, the diamond's diagonal.
SMALLEST, LARGEST = 12.0, 18.0
# A scene has two at most, as in the paper.
MOST = 2

Overlapping = Literal["sum", "clip", "over"]

# A sprite's own brightness, of 255. The paper's images are additive with values in [0, 1]: sprites
# overlap without occluding. If two of one colour are to be brighter together than either alone, and
# the sum is never to clip, each is half of white.
BRIGHTNESS: dict[Overlapping, int] = {"sum": 127, "clip": 255, "over": 255}

# A sprite fits in a tile of this side that begins at the pixel where it begins.
_TILE = math.ceil(LARGEST) + 1
_TILES, _TRIES = 4096, 1 << 16


@dataclass(frozen=True, eq=False, repr=False)
class SpriteScenes(LabelledScenes):
    """Scenes of sprites.

    Args:
        overlaps: the area that two sprites of one kind share, as a share of the smaller one's
            area; 0 where a scene has no two sprites of one kind. Of the exact shapes, not of
            pixels or boxes. `overlaps >= 0.5` is the subset that is hard to count.
    """

    overlaps: Float[np.ndarray, "n"]


class _Poses(NamedTuple):
    kinds: Int[np.ndarray, "n count"]
    sizes: Float[np.ndarray, "n count"]
    corners: Float[np.ndarray, "n count 2"]


def sprites(
    n: int,
    *,
    seed: int,
    counts: tuple[int, ...] = (0, 1, 2),
    image_size: int = 50,
    overlapping: Overlapping = "sum",
    least_overlap: float = 0.0,
) -> SpriteScenes:
    """Scenes of red circles, green squares and blue diamonds on black; labels index `KINDS`.

    Each count is equally likely, and so is each kind. A sprite is 12 to 18 pixels across, uniform,
    its place uniform among those inside the image, to a fraction of a pixel; edges are
    antialiased. Sprites overlap freely, in one of three ways:

        sum:   x = s_1 + s_2            each of half the brightness of white: all is seen
        clip:  x = min(s_1 + s_2, 1)    of full brightness
        over:  x = s_1 (1 - m_2) + s_2  of full brightness: the second covers the first

    In the last two, s_i is its colour times m_i, the share of a pixel that the sprite covers, and
    two of one kind are one shape of one colour: nothing is seen of one that lies within another.

    Args:
        n: the number of scenes.
        seed: the same seed gives the same scenes.
        counts: the numbers of sprites that a scene may have, at most 2.
        image_size: height and width of the images, in pixels.
        overlapping: how sprites overlap.
        least_overlap: above 0, only scenes where two sprites of one kind overlap by this share of
            the smaller one at least. Of scenes of two sprites, one in 30 overlaps so by half.

    Raises:
        InputError: if an option is out of range.

    Source: Eslami et al. 2016, appendix H and Figs. 10-13; the sizes, the brightness and all but
    `sum` are ours.
    """
    scenes, rng = blank_scenes(n, seed, counts, image_size, "sprites", channels=3)
    if max(counts) > MOST:
        raise InputError(f"counts is {counts}; scenes have at most {MOST} sprites")
    if image_size < _TILE:
        raise InputError(f"image_size is {image_size} pixels; it should be at least {_TILE}")
    if not 0 <= least_overlap < 0.95:
        raise InputError(f"least_overlap is {least_overlap}; it should be from 0 to below 0.95")
    if least_overlap > 0 and min(counts) < 2:
        raise InputError(f"counts is {counts}; it should be 2 where sprites are to overlap")
    overlaps = np.zeros(n)
    for count in sorted(set(counts) - {0}):
        rows = np.flatnonzero(scenes.counts == count)
        poses, overlaps[rows] = _draw_poses(len(rows), count, image_size, least_overlap, rng)
        for k in range(count):
            _paint(scenes, rows, k, poses, overlapping)
    return SpriteScenes(**vars(scenes), overlaps=overlaps)


def _draw_poses(
    n: int, count: int, image_size: int, least_overlap: float, rng: np.random.Generator
) -> tuple[_Poses, Float[np.ndarray, "n"]]:
    """Poses and their overlaps; by rejection where an overlap is asked for."""
    kept: list[tuple[_Poses, np.ndarray]] = []
    missing = n
    while missing or not kept:
        m = _TRIES if least_overlap > 0 else missing
        kinds = rng.integers(len(KINDS), size=(m, count))
        sizes = rng.uniform(SMALLEST, LARGEST, (m, count))
        corners = rng.random((m, count, 2)) * (image_size - sizes[..., None])
        poses = _Poses(kinds, sizes, corners)
        overlaps = _overlaps(poses)
        good = np.flatnonzero(overlaps >= least_overlap)[:missing]
        kept.append((_Poses(*(values[good] for values in poses)), overlaps[good]))
        missing -= len(good)
    all_poses, all_overlaps = zip(*kept, strict=True)
    poses = _Poses(*(np.concatenate(values) for values in zip(*all_poses, strict=True)))
    return poses, np.concatenate(all_overlaps)


def _overlaps(poses: _Poses) -> Float[np.ndarray, "n"]:
    """Intersection over the smaller area, of the two sprites of a scene if they are of one kind."""
    n, count = poses.kinds.shape
    if count < 2:
        return np.zeros(n)
    sizes, centres = poses.sizes, poses.corners + poses.sizes[..., None] / 2.0
    # A diamond is a square in axes turned by 45 degrees.
    turned = centres @ (np.array([[1.0, 1.0], [1.0, -1.0]]) / math.sqrt(2.0))
    shared = (
        _circles_share(centres, sizes / 2.0),
        _squares_share(centres, sizes),
        _squares_share(turned, sizes / math.sqrt(2.0)),
    )
    smaller = sizes.min(axis=1) ** 2 * np.array([[np.pi / 4.0], [1.0], [0.5]])
    kind = poses.kinds[:, 0]
    overlaps = np.choose(kind, np.stack(shared) / smaller)
    # Rounding makes a sprite that lies within another share a little more than all of itself.
    return np.where(kind == poses.kinds[:, 1], np.minimum(overlaps, 1.0), 0.0)


def _squares_share(
    centres: Float[np.ndarray, "n 2 2"], sides: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n"]:
    low, high = centres - sides[..., None] / 2.0, centres + sides[..., None] / 2.0
    return np.maximum(high.min(axis=1) - low.max(axis=1), 0.0).prod(axis=1)


def _circles_share(
    centres: Float[np.ndarray, "n 2 2"], radii: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n"]:
    """Area of the lens: of each circle the sector that the chord cuts off, less its triangle.

    With d between the centres and x_i from centre i to the chord,
    area = sum_i r_i^2 arccos(x_i / r_i) - x_i sqrt(r_i^2 - x_i^2).
    """
    (a, b), d = radii.T, np.linalg.norm(centres[:, 0] - centres[:, 1], axis=1)
    # Circles that do not meet, or lie within each other, are those that just touch.
    d = np.clip(d, np.maximum(np.abs(a - b), 1e-9), a + b)
    area = np.zeros(len(d))
    for r, other in ((a, b), (b, a)):
        x = np.clip((d**2 + r**2 - other**2) / (2.0 * d), -r, r)
        area += r**2 * np.arccos(x / r) - x * np.sqrt(r**2 - x**2)
    return area


def _paint(
    scenes: LabelledScenes,
    rows: Int[np.ndarray, "n"],
    k: int,
    poses: _Poses,
    overlapping: Overlapping,
) -> None:
    """Adds the k-th sprite of each of the poses to the scenes `rows`, and its truth."""
    brightness = BRIGHTNESS[overlapping]
    last = scenes.images.shape[1] - _TILE
    for kind in range(len(KINDS)):
        of_kind = np.flatnonzero(poses.kinds[:, k] == kind)
        for start in range(0, len(of_kind), _TILES):
            i = of_kind[start : start + _TILES]
            corners, sizes = poses.corners[i, k], poses.sizes[i, k]
            frames = np.minimum(corners.astype(int), last)
            mask = coverage(kind, corners - frames, sizes, _TILE)
            tiles = np.rint(brightness * mask).astype(np.uint8)
            x, y = (frames[:, axis, None] + np.arange(_TILE) for axis in (0, 1))
            at = rows[i, None, None], y[:, :, None], x[:, None, :]
            if overlapping == "over":
                hidden = np.rint(scenes.images[at] * (1.0 - mask[..., None]))
                scenes.images[at] = hidden.astype(np.uint8)
            under = scenes.images[(*at, kind)]
            # What is below is at most white less the sprite, where it does not clip.
            scenes.images[(*at, kind)] = under + np.minimum(tiles, 255 - under)
            scenes.labels[rows[i], k] = kind
            scenes.boxes[rows[i], k] = np.tile(frames, 2) + ink_boxes(tiles)


def coverage(
    kind: int, corners: Float[np.ndarray, "n 2"], sizes: Float[np.ndarray, "n"], side: int
) -> Float[np.ndarray, "n {side} {side}"]:
    """How much of each pixel of a tile a sprite covers: for the square exactly.

    For the others by the distance s of the pixel's centre to the edge, clip(1/2 + s, 0, 1).

    Args:
        kind: index of `KINDS`.
        corners: x and y of the least corner of the sprite's box, in pixels of the tile.
        sizes: pixels across.
        side: height and width of the tile, in pixels.
    """
    half = sizes[:, None] / 2.0
    from_x, from_y = (
        np.abs(np.arange(side) + 0.5 - corners[:, axis, None] - half) for axis in (0, 1)
    )
    if KINDS[kind] == "green square":
        x, y = (np.clip(half - distance + 0.5, 0.0, 1.0) for distance in (from_x, from_y))
        return y[:, :, None] * x[:, None, :]
    x, y, half = from_x[:, None, :], from_y[:, :, None], half[:, :, None]
    inside = half - np.hypot(x, y) if KINDS[kind] == "red circle" else (half - x - y) / 2**0.5
    return np.clip(0.5 + inside, 0.0, 1.0)
