"""How images are explained: what was found, its masks, the scene drawn again, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from airscene.evaluation.figures.cells import (
    AnyImage,
    Panel,
    colour_of,
    fitted,
    fitted_size,
    put_in_cells,
    text_line,
)
from airscene.evaluation.figures.picture import Picture, png, rounded
from airscene.images.fit import coloured
from airscene.images.resample import resample
from airscene.scene import Scene

# Side of a cell in pixels, and how bright the image is behind masks.
SIDE, DIMMED = 220, 0.35

COLUMNS = ("image, with boxes", "masks", "drawn again", "what is left")


@dataclass(frozen=True, eq=False)
class Explained:
    """An image and what was found in it.

    Args:
        name: What it is called.
        image: The image given, in [0, 1].
        scene: What was found, in its pixels.
        drawn: The scene drawn again, of any size with the image's proportions.
    """

    name: str
    image: AnyImage
    scene: Scene
    drawn: AnyImage

    @property
    def probability(self) -> float:
        """The probability of the count."""
        probs = self.scene.count_probs
        return float(probs[self.scene.count]) if self.scene.count < len(probs) else 0.0

    @property
    def caption(self) -> str:
        """The name, the count and its probability."""
        n = self.scene.count
        objects = "1 object" if n == 1 else f"{n} objects"
        return f"{self.name}: {objects}, with probability {self.probability:.2f}"


def explained_rows(rows: Sequence[Explained]) -> Picture:
    """Draw a row an image: it with boxes, masks, the scene drawn again, and what is left.

    What is left is the image less the scene, about grey. Images may differ in size: each is fitted
    into a cell.

    Args:
        rows: The images, at least one.
    """
    panels = [_panels(row) for row in rows]
    laid = put_in_cells(panels, [[row.caption] for row in rows], SIDE)
    heads = text_line(COLUMNS, laid.shape[1], laid.shape[1] // len(COLUMNS))
    shown = {
        "figure": "explained",
        "rows": [
            {
                "source": row.name,
                "count": row.scene.count,
                "p_count": round(row.probability, 4),
                "boxes": [rounded(np.array(thing.box), 2) for thing in row.scene.objects],
            }
            for row in rows
        ],
    }
    return Picture(png(np.concatenate([heads, laid])), shown)


def _panels(row: Explained) -> list[Panel]:
    size = (row.image.shape[0], row.image.shape[1])
    panel, scale = fitted(row.image, SIDE)
    drawn = _stretched(row.drawn, fitted_size(size, SIDE))
    left = 0.5 + (coloured(panel / 255.0) - drawn) / 2.0
    boxes = Image.fromarray(panel)
    draw = ImageDraw.Draw(boxes)
    for k, thing in enumerate(row.scene.objects):
        x0, y0, x1, y1 = (scale * side for side in thing.box)
        corners = (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1))
        draw.rectangle(corners, outline=colour_of(k), width=2)
    masks = fitted(_masks(row), SIDE).pixels
    return [np.asarray(boxes), masks, fitted(drawn, SIDE).pixels, fitted(left, SIDE).pixels]


def _masks(row: Explained) -> AnyImage:
    """The image in dim grey, its objects in their colours; later ones lie on earlier ones."""
    grey = row.image.mean(axis=2) if row.image.ndim == 3 else row.image
    painted = coloured(DIMMED * grey)
    for k, thing in enumerate(row.scene.objects):
        if thing.mask is None:
            continue
        x, y = thing.mask.corner
        bits = thing.mask.bits
        part = painted[y : y + bits.shape[0], x : x + bits.shape[1]]
        part[bits] = np.array(colour_of(k)) / 255.0
    return painted


def _stretched(image: AnyImage, size: tuple[int, int]) -> AnyImage:
    planes = resample(np.moveaxis(coloured(image), -1, 0), size)
    return np.moveaxis(planes, 0, -1).astype(float)
