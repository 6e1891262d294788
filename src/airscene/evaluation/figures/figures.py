"""Figures made of images: rows of them, reconstructions, where each step looks, overlays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

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
    step_colour,
    strip_uri,
    tile,
    write,
)
from airscene.scene import PosedScene, Scene

# The sides that a panel of a grid and a heat map should about have, in pixels of the picture.
_PANEL, _MAP = 100, 200
_TEXT, _MARGIN, _GAP = 14, 110, 4


def draw_windows(
    image: Pixels, windows: Float[np.ndarray, "k 4"], zoom: int
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """An enlarged image with its attention windows, in the colours of the steps.

    Args:
        image: grey or colour, in [0, 1].
        windows: (x0, y0, x1, y1) of each step that is present, in pixels of the image.
        zoom: how much to enlarge.
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


@dataclass(frozen=True, eq=False)
class Stage:
    """What the model makes of a few fixed images at one moment of training.

    Args:
        step: how many training steps were done.
        accuracy: the count accuracy on held-out scenes, in [0, 1], or NaN if it is not known.
        reconstructions: the images drawn again, in [0, 1].
        windows: the attention windows (x0, y0, x1, y1) of all inference steps, in pixels.
        counts: the inferred counts; the windows of the first `count` steps are shown.
    """

    step: int
    accuracy: float
    reconstructions: PixelsOfMany
    windows: Float[np.ndarray, "b k 4"]
    counts: Int[np.ndarray, "b"]

    def caption(self, between: str = " ") -> str:
        """The step and, where the truth is known, the share of counts that are right."""
        if np.isnan(self.accuracy):
            return f"step {self.step:,}"
        return f"step {self.step:,}:{between}{self.accuracy:.1%} of{between}counts right"

    def row(self) -> ImageRow:
        """The reconstructions with their windows."""
        each = zip(self.windows, self.counts, strict=True)
        windows = [windows[:count] for windows, count in each]
        return ImageRow(self.caption("\n"), self.reconstructions, windows)

    def shown(self) -> dict[str, Any]:
        """Everything that `row` shows, for JSON."""
        return {
            "step": self.step,
            "count_accuracy": None if np.isnan(self.accuracy) else round(self.accuracy, 4),
            "counts": self.counts.tolist(),
            "windows": [rounded(windows, 2) for windows in self.row().windows],
            "reconstructions": strip_uri(self.reconstructions),
        }


def image_rows(rows: Sequence[ImageRow]) -> Picture:
    """Rows with labels, from the top: images of one size, equally many in each."""
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


def reconstructions(images: PixelsOfMany, stages: Sequence[Stage]) -> Picture:
    """Images, and below them their reconstructions at several stages of training, with windows.

    Args:
        images: the images, in [0, 1].
        stages: what the model makes of them, earliest first.

    Source: Eslami et al. 2016, Fig. 3 (left).
    """
    rows = [ImageRow("data", images), *(stage.row() for stage in stages)]
    shown = {"images": strip_uri(images), "stages": [stage.shown() for stage in stages]}
    return Picture(labelled(rows), {"figure": "reconstructions", **shown})


def heatmaps(
    centres: Mapping[int, Sequence[Float[np.ndarray, "_ 2"]]], image_size: tuple[int, int]
) -> Picture:
    """Where each inference step looks, one panel for each seed, one colour for each step.

    The centres are counted by pixel and smoothed over 3% of the side. Colours add; the brightest
    spot of each panel has full brightness, so that a step that is seldom present is dim.

    Args:
        centres: for each seed, for each step the centres (x, y) of its windows where it is
            present, in pixels. Those beyond the image are left out.
        image_size: (height, width), in pixels.

    Source: Eslami et al. 2016, Fig. 3 (right, below).
    """
    edges = [np.arange(side + 1) for side in image_size]
    counts = {
        seed: [np.histogram2d(*xy.T[::-1], bins=edges)[0].astype(int) for xy in steps]
        for seed, steps in centres.items()
    }
    zoom = max(1, round(_MAP / max(image_size)))
    panels = np.stack([enlarge(_heat(steps, zoom), 1) for steps in counts.values()])
    grid = tile(panels[None], gap=8)
    pitch = panels.shape[2] + 8
    most = max(map(len, counts.values()))
    # One panel may be narrower than the legend.
    image, draw = sheet(grid, below=48, width=64 * most)
    for column, seed in enumerate(counts):
        middle = (column * pitch + (pitch - 8) // 2, grid.shape[0] + 12)
        write(draw, middle, f"seed {seed}", _TEXT, "mm")
    for step in range(most):
        left, top = 64 * step, grid.shape[0] + 30
        draw.rectangle((left, top, left + 10, top + 10), fill=step_colour(step))
        write(draw, (left + 15, top + 5), f"step {step + 1}", _TEXT)
    shown = {str(seed): [step.tolist() for step in steps] for seed, steps in counts.items()}
    return Picture(png(np.asarray(image)), {"figure": "heatmaps", "centres_by_pixel": shown})


def sample_grid(images: PixelsOfMany) -> Picture:
    """Images in [0, 1], such as samples from the model, in a grid about as wide as high."""
    panels = ImageRow("", images).panels()
    columns = int(np.ceil(np.sqrt(len(panels))))
    rows = -(-len(panels) // columns)
    empty = np.full((rows * columns - len(panels), *panels.shape[1:]), 255, np.uint8)
    grid = np.concatenate([panels, empty]).reshape(rows, columns, *panels.shape[1:])
    return Picture(png(tile(grid)), {"figure": "samples", "images": strip_uri(images)})


def overlay(image: Pixels, scene: Scene) -> Picture:
    """An image with what was found in it: thin windows, thick boxes, and the count below.

    The picture is enlarged to about 400 pixels or, if larger than 800, reduced to that.

    Args:
        image: the image, in [0, 1], of the size that the scene was given in.
        scene: what was found.
    """
    side = max(image.shape[:2])
    scale = max(1, round(400 / side)) if side <= 800 else 800 / side
    if scale < 1:
        height, width = (max(1, round(n * scale)) for n in image.shape[:2])
        reduced = Image.fromarray(enlarge(image, 1)).resize((width, height), Image.Resampling.BOX)
        image = np.asarray(reduced) / 255
    pixels = enlarge(image, max(1, int(scale)))
    windows, boxes = (
        np.array([getattr(o, name) for o in scene.objects], float).reshape(-1, 4)
        for name in ("window", "box")
    )
    pixels = draw_frames(pixels, windows * scale, width=1)
    pixels = draw_frames(pixels, boxes * scale, width=3)
    noun = "object" if scene.count == 1 else "objects"
    shown = {
        "figure": "overlay",
        "source": scene.source,
        "count": scene.count,
        "windows": rounded(windows, 2),
        "boxes": rounded(boxes, 2),
        "image": strip_uri(image[None]),
    }
    return Picture(_captioned(pixels, f"{scene.count} {noun}"), shown)


def posed_overlay(image: Pixels, drawn: Pixels, scene: PosedScene) -> Picture:
    """An image, at its right the render of what was found in it, and below what that is.

    Args:
        image: the image as the model takes it, in [0, 1].
        drawn: the render, of the same size.
        scene: what was found.
    """
    images = np.stack([image, drawn])
    # Each is three times as large as a panel of a grid.
    panels = np.stack([enlarge(one, 3 * panel_zoom(images)) for one in images])
    types = [thing.type for thing in scene.objects]
    cameras = [f"camera at {math.degrees(angle):.0f} degrees" for angle in scene.camera]
    said = ", ".join((types or ["nothing"]) + cameras)
    shown = {
        "figure": "posed_overlay",
        "source": scene.source,
        "types": types,
        "positions": [list(thing.position) for thing in scene.objects],
        "rotations": [thing.rotation for thing in scene.objects],
        "camera": list(scene.camera),
        "images": strip_uri(images),
    }
    return Picture(_captioned(tile(panels[None]), said), shown)


def _captioned(pixels: UInt8[np.ndarray, "height width 3"], text: str) -> bytes:
    """A PNG file of a picture with a line of text below it."""
    image, draw = sheet(pixels, below=28)
    write(draw, (image.width // 2, pixels.shape[0] + 14), text, 18, "mm")
    return png(np.asarray(image))


def _heat(
    steps: Sequence[Int[np.ndarray, "height width"]], zoom: int
) -> Float[np.ndarray, "new_height new_width 3"]:
    """The counts by pixel of all steps as one smooth colour image, which may exceed 1."""
    density = np.stack([_blur(n.shape[0], zoom) @ n @ _blur(n.shape[1], zoom).T for n in steps])
    colours = np.array([step_colour(step) for step in range(len(steps))]) / 255
    return np.tensordot(density / max(density.max(), 1e-9), colours, axes=(0, 0))


def _blur(side: int, zoom: int) -> Float[np.ndarray, "new_side side"]:
    """Enlargement and Gaussian blur along one axis, of standard deviation 3% of the side."""
    fine = (np.arange(side * zoom) + 0.5) / zoom
    distance = np.subtract.outer(fine, np.arange(side) + 0.5)
    return np.exp(-0.5 * (distance / (0.03 * side)) ** 2)
