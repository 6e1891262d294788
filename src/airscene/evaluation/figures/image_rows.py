"""Figures of images in rows with labels: data, and what each of several models makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from airscene.evaluation.figures.picture import (
    Picture,
    PixelsOfMany,
    draw_frames,
    enlarge,
    font,
    png,
    rounded,
    strip_uri,
    tile,
)

# The side that a panel of a grid should about have, in pixels of the picture.
_PANEL = 100
_TEXT, _MARGIN, _GAP = 14, 110, 4


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

    def panels(self, zoom: int) -> UInt8[np.ndarray, "b height width 3"]:
        """The images with their windows, ready for a grid."""
        panels = [enlarge(image, zoom) for image in self.images]
        if self.windows:
            framed = zip(panels, self.windows, strict=True)
            panels = [draw_frames(p, w * zoom, width=max(2, zoom // 2)) for p, w in framed]
        return np.stack(panels)

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

    Returns:
        The picture.
    """
    zoom = panel_zoom(rows[0].images)
    grid = np.stack([row.panels(zoom) for row in rows])
    sheet = labelled([row.label for row in rows], grid)
    shown = {"figure": "image_rows", "rows": [row.shown() for row in rows]}
    return Picture(png(sheet), shown)


def labelled(
    labels: Sequence[str], panels: UInt8[np.ndarray, "rows columns height width 3"]
) -> UInt8[np.ndarray, "all_height all_width 3"]:
    """Panels in a grid, with a label at the left of each row.

    Args:
        labels: one for each row; may have several lines.
        panels: the panels.
    """
    grid = tile(panels, _GAP)
    pitch = (grid.shape[0] + _GAP) // len(labels)
    sheet = Image.new("RGB", (_MARGIN + grid.shape[1], grid.shape[0]), "white")
    sheet.paste(Image.fromarray(grid), (_MARGIN, 0))
    draw = ImageDraw.Draw(sheet)
    for row, label in enumerate(labels):
        middle = (_MARGIN - 10, row * pitch + (pitch - _GAP) // 2)
        # Multiline text takes no vertical middle as anchor, so measure first.
        box = draw.multiline_textbbox((0, 0), label, font=font(_TEXT), align="right")
        corner = (middle[0] - box[2], middle[1] - (box[1] + box[3]) // 2)
        draw.multiline_text(corner, label, fill="black", font=font(_TEXT), align="right")
    return np.asarray(sheet)
