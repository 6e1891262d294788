"""Multi-MNIST: scenes of handwritten digits on black, with their truth."""

import numpy as np
from jaxtyping import Float, Int, Integer, UInt8

from airscene.errors import InputError
from airscene.images.resample import resample
from airscene.images.sets.data_set import blank_scenes
from airscene.images.sets.digits import Digits
from airscene.images.truth import LabelledScenes, ink_boxes

# Scenes drawn at a time, and placements tried at a time: both bound the working memory.
_SCENES = 4096
_PLACEMENTS = 1 << 16
# The largest size of a digit of the shrunk variant, in pixels: f = 0.7, six deviations below 1.3.
_MAX_SHRUNK = 40


def multi_mnist(
    digits: Digits,
    n: int,
    *,
    seed: int,
    counts: tuple[int, ...] = (0, 1, 2),
    image_size: int = 50,
    digit_size: int = 28,
) -> LabelledScenes:
    """Scenes of digits that do not touch.

    Each count is equally likely, each digit drawn from all `digits` with replacement. The joint
    position of a scene's digits is uniform among those that keep the ink inside the image and the
    ink boxes apart; a digit's 28x28 frame may stick out.

    Args:
        digits: what to draw from.
        n: the number of scenes.
        seed: the same seed gives the same scenes.
        counts: the numbers of digits that a scene may have, at least 0.
        image_size: height and width of the images, in pixels.
        digit_size: height and width to which each 28x28 frame is resampled first, in pixels.

    Raises:
        InputError: if an option is out of range or the digits do not fit.

    Source: Eslami et al. 2016, section 3.1, which leaves the digits' size and overlap unsaid.
    """
    source = f"multi-MNIST of {digits.source}"
    scenes, rng = blank_scenes(n, seed, counts, image_size, source)
    if digit_size < 1:
        raise InputError(f"digit_size is {digit_size} pixels; it should be at least 1")
    picks = rng.integers(len(digits), size=scenes.labels.shape)
    used, which = np.unique(picks, return_inverse=True)
    glyphs = resized(digits.images[used], digit_size)
    if not glyphs.any(axis=(1, 2)).all():
        raise InputError(
            f"digit_size {digit_size} leaves nothing of some digits; give a larger one"
        )
    ink = ink_boxes(glyphs)
    # Of few scenes, none may have some count.
    for count in sorted(set(scenes.counts.tolist()) - {0}):
        rows = np.flatnonzero(scenes.counts == count)
        drawn = which.reshape(picks.shape)[rows, :count]
        corners = place_apart(ink[drawn], image_size, rng)
        frames = corners - ink[drawn][..., :2]
        for k in range(count):
            _paste(scenes.images, rows, glyphs, drawn[:, k], frames[:, k])
        scenes.labels[rows, :count] = digits.labels[picks[rows, :count]]
        scenes.boxes[rows, :count] = np.tile(frames, 2) + ink[drawn]
    return scenes


def multi_mnist_shrunk(
    digits: Digits, n: int, *, seed: int, counts: tuple[int, ...] = (0, 1, 2), image_size: int = 50
) -> LabelledScenes:
    """Scenes of smaller digits that may overlap: the variant of the public implementations.

    Each digit is resampled to int(28 / f) pixels, f ~ N(1.3, 0.1), and its frame placed uniformly
    inside the image without regard to the others. A scene whose digits sum to more than white is
    drawn again, digits and all, with the same count. The arguments are those of `multi_mnist`.

    Raises:
        InputError: if an option is out of range.
    """
    source = f"multi-MNIST (shrunk) of {digits.source}"
    scenes, rng = blank_scenes(n, seed, counts, image_size, source)
    if image_size < _MAX_SHRUNK:
        raise InputError(
            f"image_size is {image_size} pixels; it should be at least {_MAX_SHRUNK} for digits "
            "of every size to fit"
        )
    for count in sorted(set(counts) - {0}):
        pending = np.flatnonzero(scenes.counts == count)
        while len(pending):
            rows, pending = pending[:_SCENES], pending[_SCENES:]
            images, labels, boxes = _draw_shrunk(digits, len(rows), count, image_size, rng)
            fits = images.max(axis=(1, 2)) <= 255
            scenes.images[rows[fits]] = images[fits]
            scenes.labels[rows[fits], :count] = labels[fits]
            scenes.boxes[rows[fits], :count] = boxes[fits]
            pending = np.concatenate([pending, rows[~fits]])
    return scenes


def resized(
    images: UInt8[np.ndarray, "n height width"], size: int
) -> UInt8[np.ndarray, "n size size"]:
    """Digits resampled to a height and width of `size` pixels."""
    if images.shape[1:] == (size, size):
        return images
    return np.rint(resample(images.astype(np.float32), (size, size))).astype(np.uint8)


def _paste(
    images: Integer[np.ndarray, "n height width"],
    rows: Int[np.ndarray, "m"],
    glyphs: UInt8[np.ndarray, "glyphs size size"],
    picks: Int[np.ndarray, "m"],
    frames: Int[np.ndarray, "m 2"],
) -> None:
    """Adds glyph picks[i] to image rows[i], its frame's corner (x, y) at frames[i].

    Only ink is added, so that frames may stick out of the image. No two of `rows` are equal.
    """
    for start in range(0, len(rows), _SCENES):
        chunk = slice(start, start + _SCENES)
        tiles = glyphs[picks[chunk]]
        i, y, x = np.nonzero(tiles)
        frame = frames[chunk][i]
        images[rows[chunk][i], y + frame[:, 1], x + frame[:, 0]] += tiles[i, y, x]


def place_apart(
    ink: Int[np.ndarray, "n count 4"], image_size: int, rng: np.random.Generator, shared: int = 0
) -> Int[np.ndarray, "n count 2"]:
    """Corners (x, y) of ink boxes, uniform among those inside the image and apart.

    Boxes are apart that share no more than `shared` columns, or no more than `shared` rows, of
    pixels. By rejection of whole placements: moving only the digit that collides would favour some
    placements. Each round tries as many placements as the memory allows, shared among the scenes
    still to place, and keeps the first good one of each; the last few scenes are thus not slow.

    Raises:
        InputError: if the boxes do not fit.
    """
    sizes = ink[..., 2:] - ink[..., :2]
    no_room = InputError(
        f"no room for a count of {sizes.shape[1]} with digits of up to {sizes.max()} pixels in an "
        f"image of {image_size}x{image_size}; give fewer or smaller digits or a larger image"
    )
    areas = (sizes - shared).prod(axis=-1)
    if sizes.max() > image_size or areas.sum(axis=-1).max() > image_size**2:
        raise no_room
    corners = np.empty_like(sizes)
    left = np.arange(len(sizes))
    tried_so_far = 0
    while len(left):
        if tried_so_far > 4_000_000 + 5_000 * (len(sizes) - len(left)):
            raise no_room
        tries = max(1, _PLACEMENTS // len(left))
        tried_so_far += tries * len(left)
        sides = sizes[left][:, None]
        uniform = rng.random((len(left), tries, *sizes.shape[1:]))
        tried = (uniform * (image_size + 1 - sides)).astype(sizes.dtype)
        good = _apart(tried, tried + sides - shared)
        placed, first = good.any(axis=1), good.argmax(axis=1)
        corners[left[placed]] = tried[placed, first[placed]]
        left = left[~placed]
    return corners


def _apart(
    low: Int[np.ndarray, "n tries count 2"], high: Int[np.ndarray, "n tries count 2"]
) -> np.ndarray:
    """Whether no two of the boxes [low, high) of a placement share a pixel."""
    apart = np.ones(low.shape[:2], bool)
    for a in range(low.shape[2]):
        for b in range(a):
            beside = (high[:, :, a] <= low[:, :, b]) | (high[:, :, b] <= low[:, :, a])
            apart &= beside.any(axis=-1)
    return apart


def _draw_shrunk(
    digits: Digits, n: int, count: int, image_size: int, rng: np.random.Generator
) -> tuple[
    Integer[np.ndarray, "n size size"], Int[np.ndarray, "n count"], Float[np.ndarray, "n count 4"]
]:
    """Images (that may exceed 255), labels and ink boxes of n scenes of `count` digits each."""
    picks = rng.integers(len(digits), size=(n, count))
    factors = np.maximum(rng.normal(1.3, 0.1, (n, count)), 28 / _MAX_SHRUNK)
    sizes = (28 / factors).astype(int)
    frames = (rng.random((n, count, 2)) * (image_size + 1 - sizes[..., None])).astype(int)
    images = np.zeros((n, image_size, image_size), np.uint16)
    boxes = np.empty((n, count, 4))
    for k in range(count):
        for size in np.unique(sizes[:, k]):
            rows = np.flatnonzero(sizes[:, k] == size)
            glyphs = resized(digits.images[picks[rows, k]], int(size))
            _paste(images, rows, glyphs, np.arange(len(rows)), frames[rows, k])
            boxes[rows, k] = ink_boxes(glyphs) + np.tile(frames[rows, k], 2)
    return images, digits.labels[picks].astype(int), boxes
