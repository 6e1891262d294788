"""A film of learning: the same few images, drawn again by the model as it trains."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from airscene.evaluation.figures.figures import Stage
from airscene.evaluation.figures.image_rows import panel_zoom
from airscene.evaluation.figures.picture import (
    Picture,
    PixelsOfMany,
    enlarge,
    font,
    gif,
    strip_uri,
    tile,
)

_CAPTION, _CHART, _GAP = 30, 40, 4
# Colours for the images; more would be seen by few and double the size of the film.
_SHADES = 16
_MILLISECONDS, _LAST_MILLISECONDS = 200, 3000


def learning_film(images: PixelsOfMany, stages: Sequence[Stage]) -> Picture:
    """A GIF of learning: images above, reconstructions with windows below, and the count accuracy.

    Args:
        images: the images, in [0, 1].
        stages: what the model makes of them, earliest first; one frame each.

    Returns:
        The film, which repeats.

    Source: Eslami et al. 2016, Fig. 3, and the film in its supplement.
    """
    zoom = panel_zoom(images)
    data = np.stack([enlarge(image, zoom) for image in images])
    frames = [
        _frame(tile(np.stack([data, stage.panels(zoom)]), _GAP), stages[: i + 1], stages[-1].step)
        for i, stage in enumerate(stages)
    ]
    milliseconds = [_MILLISECONDS] * (len(frames) - 1) + [_LAST_MILLISECONDS]
    shown = {"images": strip_uri(images), "stages": [stage.shown() for stage in stages]}
    return Picture(gif(frames, milliseconds, _SHADES), {"figure": "learning_film", **shown})


def _frame(
    grid: UInt8[np.ndarray, "height width 3"], past: Sequence[Stage], last_step: int
) -> UInt8[np.ndarray, "new_height width 3"]:
    """The grid, with the caption and the accuracy so far below it."""
    height, width = grid.shape[:2]
    sheet = Image.new("RGB", (width, height + _CAPTION + _CHART), "white")
    sheet.paste(Image.fromarray(grid), (0, 0))
    draw = ImageDraw.Draw(sheet)
    text = past[-1].caption()
    draw.text((2, height + _CAPTION // 2), text, fill="black", font=font(18), anchor="lm")
    if np.isnan(past[-1].accuracy):
        return np.asarray(sheet)
    none, all_right = height + _CAPTION + _CHART - 5, height + _CAPTION + 4
    for level in (none, all_right):
        draw.line((0, level, width, level), fill="silver")
    points = [
        (4 + s.step / max(last_step, 1) * (width - 9), none + s.accuracy * (all_right - none))
        for s in past
    ]
    draw.line(points, fill="black", width=2)
    x, y = points[-1]
    draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill="black")
    return np.asarray(sheet)
