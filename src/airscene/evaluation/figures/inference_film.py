"""A film of inference: one scene after the other, one object a frame, until the model ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from airscene.evaluation.figures.figures import draw_windows
from airscene.evaluation.figures.picture import (
    Picture,
    Pixels,
    PixelsOfMany,
    enlarge,
    font,
    gif,
    rounded,
    strip_uri,
    tile,
)

# The side that an image should about have, in pixels of the film.
_SIDE = 200
_TITLE, _CAPTION, _GAP = 26, 48, 4
_SHADES = 16
_MILLISECONDS, _LAST_MILLISECONDS = 900, 1800


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
        lines = [""]
        for n in range(1, count + 1):
            lines.append(f"step {n}: an object (p = {at_least[n] / at_least[n - 1]:.3f})")
        if count + 1 < len(self.probs):
            further = at_least[count + 1] / at_least[count]
            lines.append(f"step {count + 1}: nothing further (p = {1 - further:.3f})")
        return lines

    def frames(self) -> list[UInt8[np.ndarray, "height width 3"]]:
        """The image with the windows so far, the canvas so far, and what the step says."""
        zoom = max(1, round(_SIDE / max(self.image.shape[:2])))
        captions, frames = self.captions(), []
        for i, caption in enumerate(captions):
            n = min(i, len(self.windows))
            looked = draw_windows(self.image, self.windows[:n], zoom)
            grid = tile(np.stack([looked, enlarge(self.canvases[n], zoom)])[None], _GAP)
            height, width = grid.shape[:2]
            sheet = Image.new("RGB", (width, _TITLE + height + _CAPTION), "white")
            sheet.paste(Image.fromarray(grid), (0, _TITLE))
            draw = ImageDraw.Draw(sheet)
            for left, title in ((2, "image"), ((width + _GAP) // 2 + 2, "drawn so far")):
                draw.text((left, _TITLE // 2), title, fill="black", font=font(15), anchor="lm")
            top = _TITLE + height
            draw.text((2, top + 13), caption, fill="black", font=font(15), anchor="lm")
            if i == len(captions) - 1:
                text = f"{len(self.windows)} in all; {_posterior(self.probs)}"
                draw.text((2, top + 35), text, fill="black", font=font(13), anchor="lm")
            frames.append(np.asarray(sheet))
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

    Returns:
        The film, which repeats; its data hold the number of frames.

    Source: Eslami et al. 2016, the films in its supplement.
    """
    frames, milliseconds = [], []
    for scene in scenes:
        of_scene = scene.frames()
        frames += of_scene
        milliseconds += [_MILLISECONDS] * (len(of_scene) - 1) + [_LAST_MILLISECONDS]
    return Picture(
        gif(frames, milliseconds, _SHADES),
        {
            "figure": "inference_film",
            "frames": len(frames),
            "scenes": [scene.shown() for scene in scenes],
        },
    )


def _posterior(probs: Float[np.ndarray, "counts"]) -> str:
    return "q(n|x) = " + ", ".join(f"{n}: {p:.3f}" for n, p in enumerate(probs))
