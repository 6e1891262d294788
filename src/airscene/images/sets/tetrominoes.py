"""Tetrominoes: scenes of three coloured pieces of four squares each on black, with their masks."""

from typing import Any

import numpy as np
from jaxtyping import Int

from airscene.images.sets.data_set import blank_masked_scenes
from airscene.images.truth import LabelledScenes

# Pixels of a side of the images and of a cell, and pieces of a scene.
IMAGE_SIZE, CELL, COUNT = 35, 5, 3
# Labels index these: the pieces I, O, S, Z, T, L and J, and their rotations. `#` is a cell, `/`
# the next row.
PIECES = (
    *("####", "#/#/#/#", "##/##", ".##/##.", "##./.##"),
    *("###/.#.", "#./##/#.", ".#./###", ".#/##/.#"),
    *("###/#..", "##/.#/.#", "..#/###", "#./#./##"),
    *("###/..#", ".#/.#/##", "#../###", "##/#./#."),
)
# Red, green, blue, yellow, magenta, cyan.
COLOURS = 255 * np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.uint8
)

# The corner (x, y) of each cell of each piece, and the piece's size, in pixels.
_CORNERS = CELL * np.array(
    [
        [
            (x, y)
            for y, row in enumerate(piece.split("/"))
            for x, cell in enumerate(row)
            if cell == "#"
        ]
        for piece in PIECES
    ]
)
_SIZES = _CORNERS.max(axis=1) + CELL
# The pixels (x, y) of each piece.
_PIXELS = (
    _CORNERS[:, :, None] + np.stack(np.divmod(np.arange(CELL**2), CELL), axis=1)[:, ::-1]
).reshape(len(PIECES), -1, 2)


def tetrominoes(n: int, *, seed: int) -> LabelledScenes:
    """Scenes of three tetrominoes of six colours on black, 35x35 pixels; labels index `PIECES`.

    Each piece and each colour is equally likely. The joint position of a scene's pieces, in whole
    pixels, is uniform among those inside the image where no two pieces share a pixel; they may
    touch. Nothing lies on anything, so that the order of the objects means nothing.

    Args:
        n: the number of scenes.
        seed: the same seed gives the same scenes.

    Returns:
        The scenes, with masks.

    Raises:
        InputError: if an option is out of range.

    Source: Kabra et al. 2019, "Multi-object datasets", whose scenes this imitates. They have 17 of
        the 19 pieces that are told apart by their rotation, and do not say which; here S and Z lie
        only one way.
    """
    drawn = blank_masked_scenes(n, seed, (COUNT,), IMAGE_SIZE, "tetrominoes", channels=3)
    scenes, masks, rng = drawn
    pieces = rng.integers(len(PIECES), size=(n, COUNT))
    colours = COLOURS[rng.integers(len(COLOURS), size=(n, COUNT))]
    corners = _place(pieces, rng)
    rows = np.arange(n)[:, None]
    for k in range(COUNT):
        x, y = np.moveaxis(corners[:, k, None] + _PIXELS[pieces[:, k]], -1, 0)
        scenes.images[rows, y, x] = colours[:, k, None]
        masks[rows, y, x] = k + 1
    scenes.labels[:] = pieces
    scenes.boxes[:] = np.concatenate([corners, corners + _SIZES[pieces]], axis=2)
    return scenes


def _place(
    pieces: Int[np.ndarray, "n count"], rng: np.random.Generator
) -> Int[np.ndarray, "n count 2"]:
    """Corners (x, y) of the pieces, by rejection of whole placements."""
    corners = np.empty((*pieces.shape, 2), int)
    left = np.arange(len(pieces))
    while len(left):
        corners[left] = rng.integers(IMAGE_SIZE + 1 - _SIZES[pieces[left]])
        cells = corners[left][:, :, None] + _CORNERS[pieces[left]]
        meet = np.zeros(len(left), bool)
        for a in range(pieces.shape[1]):
            for b in range(a):
                apart: Any = np.abs(cells[:, a, :, None] - cells[:, b, None]) >= CELL
                meet |= ~apart.any(axis=-1).all(axis=(1, 2))
        left = left[meet]
    return corners
