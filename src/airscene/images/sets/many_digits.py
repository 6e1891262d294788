"""Many digits: large scenes of up to nine handwritten digits on black, with their masks."""

import numpy as np
from jaxtyping import Int, UInt8

from airscene.images.sets.data_set import blank_masked_scenes
from airscene.images.sets.digits import Digits
from airscene.images.sets.multi_mnist import place_apart, resized
from airscene.images.truth import LabelledScenes, ink_boxes, mask_boxes

# The size of a digit's frame over its own of 28 pixels, in which its ink is 20 pixels long.
SMALLEST, LARGEST = 0.85, 1.15
# Rows or columns of pixels that two boxes of ink may share.
SHARED = 1

# Pixels drawn at a time, which bounds the working memory.
_PIXELS = 1 << 25


def many_digits(
    digits: Digits,
    n: int,
    *,
    seed: int,
    counts: tuple[int, ...] = tuple(range(10)),
    image_size: int = 128,
) -> LabelledScenes:
    """Scenes of digits of several sizes that touch at most.

    Each count is equally likely, each digit drawn from all `digits` with replacement. A digit's
    28x28 frame is resampled to 24 to 32 pixels: a factor from 0.85 to 1.15, uniform, rounded to
    whole pixels. The joint position of a scene's digits is uniform among those that keep the ink
    inside the image, and where no two ink boxes share more than one row or one column of pixels.
    There, two digits of ink a and b (0 to 1) look like 1 - (1 - a) (1 - b), and the mask is that of
    the later one. A digit's mask is all of its ink, however faint.

    Args:
        digits: what to draw from.
        n: the number of scenes.
        seed: the same seed gives the same scenes.
        counts: the numbers of digits that a scene may have, at least 0.
        image_size: height and width of the images, in pixels.

    Returns:
        The scenes, with masks.

    Raises:
        InputError: if an option is out of range or the digits do not fit.

    Source: ours, after the scenes of Eslami et al. 2016, section 3.1.
    """
    source = f"many digits of {digits.source}"
    scenes, masks, rng = blank_masked_scenes(n, seed, counts, image_size, source)
    at_once = max(1, _PIXELS // image_size**2)
    for count in sorted(set(counts) - {0}):
        pending = np.flatnonzero(scenes.counts == count)
        while len(pending):
            rows, pending = pending[:at_once], pending[at_once:]
            picks = rng.integers(len(digits), size=(len(rows), count))
            tiles = _tiles(digits.images[picks], rng)
            images, shown = _place(tiles, image_size, rng)
            boxes = mask_boxes(shown, count)
            # That others hide all of a digit is next to impossible, but would be no count.
            good = ~np.isnan(boxes).any(axis=(1, 2))
            scenes.images[rows[good]] = images[good]
            masks[rows[good]] = shown[good]
            scenes.labels[rows[good], :count] = digits.labels[picks[good]]
            scenes.boxes[rows[good], :count] = boxes[good]
            pending = np.concatenate([pending, rows[~good]])
    return scenes


def _tiles(
    images: UInt8[np.ndarray, "n count 28 28"], rng: np.random.Generator
) -> UInt8[np.ndarray, "n count tile tile"]:
    """The digits, each resampled to a size of its own, in the corner of a tile."""
    own = images.shape[-1]
    sizes = np.rint(own * rng.uniform(SMALLEST, LARGEST, images.shape[:2])).astype(int)
    tile = round(own * LARGEST)
    tiles = np.zeros((*images.shape[:2], tile, tile), np.uint8)
    for size in np.unique(sizes):
        where = np.nonzero(sizes == size)
        tiles[(*where, slice(size), slice(size))] = resized(images[where], int(size))
    return tiles


def _place(
    tiles: UInt8[np.ndarray, "n count tile tile"], image_size: int, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "n size size"], UInt8[np.ndarray, "n size size"]]:
    """Images of the digits, each placed at random, and their masks."""
    n, count, tile, _ = tiles.shape
    ink: Int[np.ndarray, "n count 4"] = ink_boxes(tiles.reshape(-1, tile, tile))
    ink = ink.reshape(n, count, 4)
    frames = place_apart(ink, image_size, rng, SHARED) - ink[..., :2]
    images, masks = (np.zeros((n, image_size, image_size), np.uint8) for _ in range(2))
    for k in range(count):
        i, y, x = np.nonzero(tiles[:, k])
        where = i, y + frames[i, k, 1], x + frames[i, k, 0]
        left = (255.0 - images[where]) * (255.0 - tiles[i, k, y, x]) / 255.0
        images[where] = np.rint(255.0 - left)
        masks[where] = k + 1
    return images, masks
