"""A contact sheet: images, and what is left of each when its ground is subtracted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw

from airscene.evaluation.figures.cells import (
    AnyImage,
    Panel,
    colour_of,
    fitted,
    put_in_cells,
    text_line,
)
from airscene.evaluation.figures.picture import Picture, png, rounded

# Columns, the side of a cell, and the least width of a sheet, in pixels.
COLUMNS, SIDE, NARROWEST = 6, 210, 640

LEGEND = "Yellow square: the size of a typical object. Circles: what may be an object."

# What is left is drawn about grey, so that this share of it is within black and white.
SHOWN = 0.995


@dataclass(frozen=True, eq=False)
class Seen:
    """An image on a contact sheet.

    Args:
        name: What it is called.
        image: The image, in [0, 1].
        less: What is left when the ground is subtracted, [H, W] or [H, W, 3]; of any size.
        circles: Where objects are estimated, (x, y, r) in pixels of `less`.
    """

    name: str
    image: AnyImage
    less: AnyImage
    circles: Float[np.ndarray, "n 3"]


def contact_sheet(seen: Sequence[Seen], object_size: float, caption: Sequence[str]) -> Picture:
    """Draw images in rows, and below each what is left of it, with circles about its objects.

    A square in the corner of each image is as large as a typical object.

    Args:
        seen: The images, at least one.
        object_size: The longer side of a typical object, as a share of the images' short side; 0
            if it is not known.
        caption: Lines of text below.
    """
    strongest = [float(np.quantile(np.abs(one.less), SHOWN)) for one in seen]
    strength = max(float(np.median(strongest)), 1e-3)
    rows, texts = [], []
    for start in range(0, len(seen), COLUMNS):
        some = seen[start : start + COLUMNS]
        rows.append([_with_square(one.image, object_size) for one in some])
        rows.append([_with_circles(one, strength) for one in some])
        texts += [[f"{one.name}: about {len(one.circles)}" for one in some], []]
    pixels = put_in_cells(rows, texts, SIDE)
    width = max(pixels.shape[1], NARROWEST)
    parts = [np.pad(pixels, ((0, 0), (0, width - pixels.shape[1]), (0, 0)), constant_values=255)]
    pixels = np.concatenate(
        [*parts, *(text_line([line], width, width) for line in (*caption, LEGEND))]
    )
    shown = {
        "figure": "contact_sheet",
        "object_size": round(object_size, 4),
        "caption": list(caption),
        "images": [{"name": one.name, "circles": rounded(one.circles, 1)} for one in seen],
    }
    return Picture(png(pixels), shown)


def _with_square(image: AnyImage, share: float) -> Panel:
    panel = fitted(image, SIDE).pixels
    side = round(share * min(panel.shape[:2]))
    if not side:
        return panel
    picture = Image.fromarray(panel)
    corner = (3, panel.shape[0] - 4 - side, 3 + side, panel.shape[0] - 4)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(tuple(x + d for x, d in zip(corner, (-1, -1, 1, 1), strict=True)), outline=0)
    draw.rectangle(corner, outline=(255, 255, 0))
    return np.asarray(picture)


def _with_circles(one: Seen, strength: float) -> Panel:
    panel, scale = fitted(0.5 + 0.5 * one.less / strength, SIDE)
    picture = Image.fromarray(panel)
    draw = ImageDraw.Draw(picture)
    for k, (x, y, r) in enumerate(scale * one.circles):
        draw.ellipse((x - r, y - r, x + r, y + r), outline=colour_of(k), width=2)
    return np.asarray(picture)
