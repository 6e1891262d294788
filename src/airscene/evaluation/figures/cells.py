"""Cells of a sheet: images of any size fitted into rows and columns, with text between."""

import colorsys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from airscene.evaluation.figures.picture import font, sheet, write

# Sides have no names, as images and panels of several sizes meet in one call.
Panel = UInt8[np.ndarray, "_ _ 3"]
AnyImage = Float[np.ndarray, "_ _"] | Float[np.ndarray, "_ _ 3"]

# Space between cells, height of a line of text and its size, in pixels.
GAP, LINE, TEXT = 4, 20, 13

# The grey of a panel's edge.
EDGE = 190

# How much the hue of a colour differs from that of the one before, in turns: of the golden ratio,
# so that colours of neighbours in a list are far apart.
TURN = 0.618034


class Fitted(NamedTuple):
    """An image in the size of a cell.

    Args:
        pixels: The panel, no larger than the cell.
        scale: How many of its pixels are one of the image's.
    """

    pixels: Panel
    scale: float


def fitted_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return height and width of an image of this size when its longer side is as given."""
    scale = side / max(size)
    height, width = (max(1, round(n * scale)) for n in size)
    return height, width


def fitted(image: AnyImage, side: int) -> Fitted:
    """Bring an image into a cell: enlarged in squares, reduced by averages.

    Args:
        image: Grey or colour, in [0, 1].
        side: The longer side of the panel, in pixels.
    """
    size = (image.shape[0], image.shape[1])
    height, width = fitted_size(size, side)
    how = Image.Resampling.BOX if max(size) > side else Image.Resampling.NEAREST
    picture = Image.fromarray(eight_bits(image)).resize((width, height), how)
    return Fitted(np.asarray(picture), side / max(size))


def eight_bits(image: AnyImage) -> Panel:
    """Return an image in [0, 1], grey or colour, as colours of 8 bits."""
    bits = np.rint(255 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
    return bits if bits.ndim == 3 else np.repeat(bits[..., None], 3, axis=2)


def colour_of(number: int) -> tuple[int, int, int]:
    """Return a bright colour for the k-th thing, far from that of the one before."""
    red, green, blue = colorsys.hsv_to_rgb((number * TURN) % 1.0, 0.8, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def put_in_cells(
    rows: Sequence[Sequence[Panel]], texts: Sequence[Sequence[str]], side: int
) -> Panel:
    """Lay out panels in rows and columns, each row as high as its highest panel.

    Args:
        rows: The panels, row by row.
        texts: What stands above each row: nothing, one text, or one a panel.
        side: The width of a cell, in pixels.
    """
    width = max(map(len, rows)) * (side + GAP) - GAP
    parts = []
    for panels, said in zip(rows, texts, strict=True):
        if said:
            parts.append(text_line(said, width, width if len(said) == 1 else side + GAP))
        row = np.full((max(map(len, panels)) + GAP, width, 3), 255, np.uint8)
        for k, panel in enumerate(panels):
            left = k * (side + GAP) + (side - panel.shape[1]) // 2
            row[: len(panel), left : left + panel.shape[1]] = _edged(panel)
        parts.append(row)
    return np.concatenate(parts)


def _edged(panel: Panel) -> Panel:
    """A panel with an edge: white images lie on white."""
    panel = panel.copy()
    panel[[0, -1]] = panel[:, [0, -1]] = EDGE
    return panel


def text_line(texts: Sequence[str], width: int, pitch: int) -> Panel:
    """Return a white strip with texts, each at the left of its column and cut where that ends."""
    image, draw = sheet(np.full((LINE, width, 3), 255, np.uint8))
    for k, text in enumerate(texts):
        write(draw, (k * pitch + 1, LINE // 2), shortened(text, pitch - 6), TEXT)
    return np.asarray(image)


def shortened(text: str, width: int) -> str:
    """Return a text that is no wider than so many pixels: its beginning is left out."""
    written, rest = font(TEXT), text
    while len(rest) > 8 and written.getlength(text) > width:
        rest = rest[1:]
        text = f"...{rest}"
    return text
