"""Figures of images in rows with labels: data, and what each of several models makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from airscene.evaluation.figures.picture import (
    Picture,
    Pixels,
    PixelsOfMany,
    draw_frames,
    enlarge,
    font,
    png,
    rounded,
    sheet,
    strip_uri,
    tile,
)

# The side that a panel of a grid should about have, in pixels of the picture.
_PANEL = 100
_TEXT, _MARGIN, _GAP = 14, 110, 4


def draw_windows(
    image: Pixels, windows: Float[np.ndarray, "k 4"], zoom: int
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """An enlarged image with its attention windows, in the colours of the steps.

    Args:
        image: grey or colour, in [0, 1].
        windows: (x0, y0, x1, y1) of each step that is present, in pixels of the image.
        zoom: the side of a pixel.
    """
    return draw_frames(enlarge(image, zoom), windows * zoom, width=max(2, zoom // 2))


@dataclass(frozen=True, eq=False)
class ImageRow:
    """One row of a figure.

    Args:
        label: what it says at the left; may have several lines.
        images: the images, in [0, 1].
        windows: for each image, the windows (x0, y0, x1, y1) of the steps that are present, in
            pixels, drawn in the colours of the steps.
    """

    label: str
    images: PixelsOfMany
    windows: Sequence[Float[np.ndarray, "_ 4"]] = ()

    def panels(self) -> UInt8[np.ndarray, "b height width 3"]:
        """The images with their windows, enlarged for a grid."""
        zoom = panel_zoom(self.images)
        windows = self.windows or [np.zeros((0, 4))] * len(self.images)
        each = zip(self.images, windows, strict=True)
        return np.stack([draw_windows(image, w, zoom) for image, w in each])

    def shown(self) -> dict[str, Any]:
        """Everything that the row shows, for JSON."""
        windows = {"windows": [rounded(w, 2) for w in self.windows]} if self.windows else {}
        return {"label": self.label, **windows, "images": strip_uri(self.images)}


def panel_zoom(images: PixelsOfMany) -> int:
    """How much to enlarge images for a panel of a grid: to about 100 pixels."""
    return max(1, round(_PANEL / max(images.shape[1:3])))


def image_rows(rows: Sequence[ImageRow]) -> Picture:
    """Rows of images with labels.

    Args:
        rows: the rows, from the top; images of one size, equally many in each.
    """
    shown = {"figure": "image_rows", "rows": [row.shown() for row in rows]}
    return Picture(labelled(rows), shown)


def labelled(rows: Sequence[ImageRow]) -> bytes:
    """A PNG file of rows, with its label at the left of each."""
    grid = tile(np.stack([row.panels() for row in rows]), _GAP)
    pitch = (grid.shape[0] + _GAP) // len(rows)
    image, draw = sheet(grid, left=_MARGIN)
    for place, row in enumerate(rows):
        right, middle = _MARGIN - 10, place * pitch + (pitch - _GAP) // 2
        # Multiline text takes no vertical middle as anchor, so measure first.
        box = draw.multiline_textbbox((0, 0), row.label, font=font(_TEXT), align="right")
        corner = (right - box[2], middle - (box[1] + box[3]) // 2)
        draw.multiline_text(corner, row.label, fill="black", font=font(_TEXT), align="right")
    return png(np.asarray(image))
