"""Multi-dSprites: scenes of coloured shapes that hide each other, with their masks."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

from airscene.errors import InputError, check_one_of
from airscene.images.sets.data_set import blank_masked_scenes
from airscene.images.sets.grounds import Ground, draw_grounds, ground_colours
from airscene.images.truth import LabelledScenes, mask_boxes

# Labels index these.
KINDS = ("square", "ellipse", "heart")
# The radius of the circle around a shape, as a share of the image's side.
SMALLEST, LARGEST = 0.1, 0.22
# The short axis of an ellipse over the long one.
FLATNESS = 0.6
# Of an object's pixels, what is visible at least; and by how much one of its channels differs at
# least from the ground's (middle) colour, in units of white.
LEAST_VISIBLE, LEAST_CONTRAST = 0.2, 0.2

# A heart is a square that stands on a corner, and two circles whose diameters are its upper sides.
# This is the square's side where the circle around them all has a radius of 1.
_HEART_SIDE = 3.0 / math.sqrt(2.0) - 1.0
# Pixels drawn at a time, which bounds the working memory. So many scenes in a row without a good
# one mean that there is none.
_PIXELS, _MISSES = 1 << 19, 500
_LEAST_SIZE = 16


class _Poses(NamedTuple):
    kinds: Int[np.ndarray, "n most"]
    radii: Float32[np.ndarray, "n most"]
    angles: Float32[np.ndarray, "n most"]
    centres: Float32[np.ndarray, "n most 2"]
    colours: Float32[np.ndarray, "n most 3"]


def multi_dsprites(
    n: int,
    *,
    seed: int,
    counts: tuple[int, ...] = (2, 3, 4, 5),
    image_size: int = 64,
    ground: Ground = "grey",
) -> LabelledScenes:
    """Scenes of squares, ellipses and hearts that hide each other; labels index `KINDS`.

    Each count is equally likely, and so is each kind. A shape's colour is uniform in RGB, its
    orientation and the radius of the circle around it are uniform, and so is its place among those
    that keep this circle inside the image. Later objects lie on earlier ones. Edges are
    antialiased; an object's mask is where it covers more than half of a pixel, and no object above
    it does. Scenes where an object is nearly hidden, or nearly of the ground's colour, are drawn
    again, with the same count.

    Args:
        n: the number of scenes.
        seed: the same seed gives the same scenes.
        counts: the numbers of objects that a scene may have.
        image_size: height and width of the images, in pixels; shapes grow with it.
        ground: what the objects lie on, as `draw_grounds` has it.

    Returns:
        The scenes, with masks.

    Raises:
        InputError: if an option is out of range, or the objects cannot all be visible.

    Source: Kabra et al. 2019, "Multi-object datasets", whose scenes this imitates; the textured
        ground, the antialiased edges, and what is drawn again are ours.
    """
    check_one_of("ground", ground, Ground)
    source = f"multi-dSprites on {ground} grounds"
    scenes, masks, rng = blank_masked_scenes(n, seed, counts, image_size, source, channels=3)
    if image_size < _LEAST_SIZE:
        raise InputError(f"image_size is {image_size} pixels; it should be at least {_LEAST_SIZE}")
    most, at_once = scenes.labels.shape[1], max(1, _PIXELS // image_size**2)
    pending, misses = np.arange(n), 0
    while len(pending):
        rows, pending = pending[:at_once], pending[at_once:]
        colours = ground_colours(ground, len(rows), rng)
        canvas = draw_grounds(ground, colours, image_size, rng)
        poses = _draw_poses(colours, most, image_size, rng)
        there = np.arange(most) < scenes.counts[rows, None]
        shown, visible = _paint(canvas, poses, there)
        good = (visible | ~there).all(axis=1)
        scenes.images[rows[good]] = np.rint(255.0 * canvas[good])
        masks[rows[good]] = shown[good]
        scenes.labels[rows[good]] = np.where(there, poses.kinds, -1)[good]
        pending = np.concatenate([pending, rows[~good]])
        misses = 0 if good.any() else misses + len(rows)
        if misses > _MISSES:
            raise InputError(
                f"no room for a count of {max(counts)} in an image of {image_size}x{image_size}, "
                "none of them hidden; give fewer"
            )
    scenes.boxes[:] = mask_boxes(masks, most)
    return scenes


def _draw_poses(
    grounds: Float32[np.ndarray, "n 3"], most: int, image_size: int, rng: np.random.Generator
) -> _Poses:
    n = len(grounds)
    radii = image_size * rng.uniform(SMALLEST, LARGEST, (n, most)).astype(np.float32)
    room = image_size - 2.0 * radii[..., None]
    colours = rng.random((n, most, 3), np.float32)
    while (close := np.abs(colours - grounds[:, None]).max(axis=2) < LEAST_CONTRAST).any():
        colours[close] = rng.random((int(close.sum()), 3), np.float32)
    return _Poses(
        kinds=rng.integers(len(KINDS), size=(n, most)),
        radii=radii,
        angles=rng.uniform(0.0, 2.0 * math.pi, (n, most)).astype(np.float32),
        centres=radii[..., None] + room * rng.random((n, most, 2), np.float32),
        colours=colours,
    )


def _paint(
    canvas: Float32[np.ndarray, "n size size 3"], poses: _Poses, there: Bool[np.ndarray, "n most"]
) -> tuple[UInt8[np.ndarray, "n size size"], Bool[np.ndarray, "n most"]]:
    """Paints the objects that are there on the grounds, in order.

    Returns:
        The masks, and whether enough of each object is visible.
    """
    n, most = there.shape
    size = canvas.shape[1]
    masks, areas = np.zeros((n, size, size), np.uint8), np.zeros((n, most), int)
    # A tile reaches half a pixel beyond the circle around the largest shape.
    tile = 2 * math.ceil(LARGEST * size) + 2
    corners = np.clip(np.rint(poses.centres - tile / 2).astype(int), 0, size - tile)
    for k in range(most):
        for kind in range(len(KINDS)):
            rows = np.flatnonzero(there[:, k] & (poses.kinds[:, k] == kind))
            corner = corners[rows, k]
            middles = poses.centres[rows, k] - corner.astype(np.float32)
            covered = _coverage(kind, poses.radii[rows, k], poses.angles[rows, k], middles, tile)
            i, y, x = np.nonzero(covered)
            where = rows[i], y + corner[i, 1], x + corner[i, 0]
            shares, below = covered[i, y, x], canvas[where]
            canvas[where] = below + shares[:, None] * (poses.colours[rows[i], k] - below)
            inside = shares > 0.5
            masks[tuple(axis[inside] for axis in where)] = k + 1
            areas[:, k] += np.bincount(rows[i[inside]], minlength=n)
    seen = np.zeros((n, most), int)
    for k in range(most):
        seen[:, k] = np.count_nonzero(masks == k + 1, axis=(1, 2))
    return masks, seen >= np.maximum(LEAST_VISIBLE * areas, 1)


def _coverage(
    kind: int,
    radii: Float32[np.ndarray, "n"],
    angles: Float32[np.ndarray, "n"],
    middles: Float32[np.ndarray, "n 2"],
    tile: int,
) -> Float32[np.ndarray, "n tile tile"]:
    """How much of each pixel of a tile a shape covers, by the distance s to its edge.

    clip(1/2 + s, 0, 1) at the pixel's centre, s positive inside; of an ellipse to first order.
    """
    pixels = np.arange(tile, dtype=np.float32) + np.float32(0.5)
    x, y = (pixels - middles[:, axis, None] for axis in (0, 1))
    r, cos, sin = radii[:, None, None], np.cos(angles)[:, None], np.sin(angles)[:, None]
    # Along and across the shape's own axis.
    u = (cos * x)[:, None, :] + (sin * y)[:, :, None]
    v = (cos * y)[:, :, None] - (sin * x)[:, None, :]
    if KINDS[kind] == "square":
        inside = r / np.float32(2**0.5) - np.maximum(np.abs(u), np.abs(v))
    elif KINDS[kind] == "ellipse":
        # (1 - g) / |grad g|, g = |(u / a, v / b)|; at the middle both parts are zero.
        a, b = r, np.float32(FLATNESS) * r
        g = np.maximum(np.hypot(u / a, v / b), np.float32(1e-6))
        inside = (1 - g) * g / np.maximum(np.hypot(u / a**2, v / b**2), np.float32(1e-9))
    else:
        side = np.float32(_HEART_SIDE) * r
        # Along the two lower sides, from the lowest corner, which lies a radius below the middle...
        u, v = np.abs(u), v + r
        p, q = (v + u) / np.float32(2**0.5), (v - u) / np.float32(2**0.5)
        square = np.minimum(np.minimum(p, q), side - np.maximum(p, q))
        # ... so that the middle of the upper right side is at (side, side / 2).
        circle = side / 2 - np.hypot(p - side, q - side / 2)
        inside = np.maximum(square, circle)
    return np.clip(np.float32(0.5) + inside, 0.0, 1.0)
