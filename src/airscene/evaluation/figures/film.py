"""Films: of learning, the same images drawn again as a model trains; of inference, step by step."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from airscene.evaluation.figures.figures import ImageRow, Stage, draw_windows
from airscene.evaluation.figures.picture import (
    Picture,
    Pixels,
    PixelsOfMany,
    enlarge,
    indexed,
    rounded,
    sheet,
    strip_uri,
    tile,
    write,
)

# Colours for the images; more would be seen by few and double the size of a film.
_SHADES = 16
# Of the film of learning: the height of the caption and of the chart below the images.
_CAPTION, _CHART = 30, 40
# The side that an image of the film of inference should about have, in pixels of the film.
_SIDE = 200
_TITLE, _WORDS, _GAP = 26, 48, 4


def learning_film(images: PixelsOfMany, stages: Sequence[Stage]) -> Picture:
    """A GIF of learning: images above, reconstructions with windows below, and the count accuracy.

    Args:
        images: the images, in [0, 1].
        stages: what the model makes of them, earliest first; one frame each.

    Source: Eslami et al. 2016, Fig. 3, and the film in its supplement.
    """
    data = ImageRow("data", images).panels()
    frames = [
        _frame(tile(np.stack([data, stage.row().panels()])), stages[: i + 1], stages[-1].step)
        for i, stage in enumerate(stages)
    ]
    shown = {"images": strip_uri(images), "stages": [stage.shown() for stage in stages]}
    return Picture(_gif([frames], 200, 3000), {"figure": "learning_film", **shown})


def _frame(
    grid: UInt8[np.ndarray, "height width 3"], past: Sequence[Stage], last_step: int
) -> UInt8[np.ndarray, "new_height width 3"]:
    """The grid, with the caption and the accuracy so far below it."""
    height, width = grid.shape[:2]
    image, draw = sheet(grid, below=_CAPTION + _CHART)
    write(draw, (2, height + _CAPTION // 2), past[-1].caption(), 18)
    if np.isnan(past[-1].accuracy):
        return np.asarray(image)
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
    return np.asarray(image)


@dataclass(frozen=True, eq=False)
class Inference:
    """What inference makes of one scene, step by step.

    Args:
        image: the image, in [0, 1].
        windows: the attention windows (x0, y0, x1, y1) of the objects, in pixels.
        canvases: the sum of the first 0, 1, ... objects, in [0, 1].
        probs: q(n | x), for n = 0..N.
    """

    image: Pixels
    windows: Float[np.ndarray, "count 4"]
    canvases: PixelsOfMany
    probs: Float[np.ndarray, "counts"]

    def captions(self) -> list[str]:
        """What each frame says: nothing at first, then of each object, then why it ends."""
        count, at_least = len(self.windows), np.cumsum(self.probs[::-1])[::-1]
        further = at_least[1 : count + 2] / at_least[:-1][: count + 1]
        lines = [f"step {n + 1}: an object (p = {further[n]:.3f})" for n in range(count)]
        if count < len(further):
            lines.append(f"step {count + 1}: nothing further (p = {1 - further[count]:.3f})")
        return ["", *lines]

    def frames(self) -> list[UInt8[np.ndarray, "height width 3"]]:
        """The image with the windows so far, the canvas so far, and what the step says."""
        zoom = max(1, round(_SIDE / max(self.image.shape[:2])))
        captions, frames = self.captions(), []
        for i, caption in enumerate(captions):
            n = min(i, len(self.windows))
            framed = draw_windows(self.image, self.windows[:n], zoom)
            grid = tile(np.stack([framed, enlarge(self.canvases[n], zoom)])[None], _GAP)
            image, draw = sheet(grid, above=_TITLE, below=_WORDS)
            write(draw, (2, _TITLE // 2), "image", 15)
            write(draw, ((grid.shape[1] + _GAP) // 2 + 2, _TITLE // 2), "drawn so far", 15)
            top = _TITLE + grid.shape[0]
            write(draw, (2, top + 13), caption, 15)
            if i == len(captions) - 1:
                posterior = ", ".join(f"{n}: {p:.3f}" for n, p in enumerate(self.probs))
                text = f"{len(self.windows)} in all; q(n|x) = {posterior}"
                write(draw, (2, top + 35), text, 13)
            frames.append(np.asarray(image))
        return frames

    def shown(self) -> dict[str, Any]:
        """Everything that the frames show, for JSON."""
        return {
            "windows": rounded(self.windows, 2),
            "count_probs": rounded(self.probs, 4),
            "image_and_canvases": strip_uri(np.concatenate([self.image[None], self.canvases])),
        }


def inference_film(scenes: Sequence[Inference]) -> Picture:
    """A GIF of inference running: each frame adds one object, until there is no further one.

    Args:
        scenes: what inference makes of a few scenes of one size, shown in turn.

    Source: Eslami et al. 2016, the films in its supplement.
    """
    frames = [scene.frames() for scene in scenes]
    shown = {"frames": sum(map(len, frames)), "scenes": [scene.shown() for scene in scenes]}
    return Picture(_gif(frames, 900, 1800), {"figure": "inference_film", **shown})


def _gif(
    scenes: Sequence[Sequence[UInt8[np.ndarray, "height width 3"]]], each: int, last: int
) -> bytes:
    """A GIF file that repeats; its frames last so many milliseconds, of each scene the last."""
    # One palette for all, as one for each would make the images flicker.
    first, *others = indexed([frame for frames in scenes for frame in frames], _SHADES)
    duration = [ms for frames in scenes for ms in [each] * (len(frames) - 1) + [last]]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, loop=0, duration=duration)
    return buffer.getvalue()
