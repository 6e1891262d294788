"""Pictures: image files with the data that they show, and what they are put together from."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8, UInt32
from PIL import Image, ImageDraw, ImageFont

from airscene.files import write_atomic

Pixels = Float[np.ndarray, "height width"] | Float[np.ndarray, "height width 3"]
PixelsOfMany = Float[np.ndarray, "b height width"] | Float[np.ndarray, "b height width 3"]

# Of steps 1, 2, 3 as in Fig. 3 of the paper, lightened to be seen on black; then of 4 and 5.
STEP_COLOURS = ((255, 48, 48), (48, 208, 80), (72, 120, 255), (255, 159, 10), (191, 90, 242))
# The levels of brightness that are kept: no eye misses the others, and files are far smaller.
_LEVELS = 64


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A picture, and in numbers everything that it shows.

    Args:
        data: the content of a PNG or GIF file.
        shown: what `json.dumps` can write; images in it are data URIs.
    """

    data: bytes
    shown: Mapping[str, Any]

    @property
    def suffix(self) -> str:
        """The suffix of its file, .png or .gif."""
        return ".gif" if self.data.startswith(b"GIF") else ".png"

    def save(self, path: str | Path) -> None:
        """Writes the picture, and its JSON beside it under the same name.

        Raises:
            InputError: if a file cannot be written.
        """
        write_atomic(path, self.data)
        text = json.dumps(self.shown, allow_nan=False) + "\n"
        write_atomic(Path(path).with_suffix(".json"), text.encode())


def step_colour(step: int) -> tuple[int, int, int]:
    """The colour of an inference step, counted from 0; the five colours repeat."""
    return STEP_COLOURS[step % len(STEP_COLOURS)]


def enlarge(image: Pixels, zoom: int) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """An image, clipped to [0, 1], with its pixels as squares of zoom x zoom, in 64 levels."""
    levels = np.rint(np.clip(image, 0, 1) * (_LEVELS - 1)) * (255 / (_LEVELS - 1))
    rgb = np.rint(levels if image.ndim == 3 else levels[..., None].repeat(3, axis=2))
    return rgb.astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)


def draw_frames(
    pixels: UInt8[np.ndarray, "height width 3"], frames: Float[np.ndarray, "k 4"], width: int
) -> UInt8[np.ndarray, "height width 3"]:
    """A copy of a picture with the borders of rectangles drawn in it, in the colours of the steps.

    Args:
        pixels: the picture.
        frames: (x0, y0, x1, y1) of each step, in pixels. What is beyond the picture is not drawn.
        width: the width of the line, which lies inside, in pixels.
    """
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    # Far beyond the picture, the position of a line makes no difference, but may overflow.
    reach = 2 * max(image.size)
    whole = np.rint(np.clip(frames, -reach, reach)).astype(int).tolist()
    for step, (x0, y0, x1, y1) in enumerate(whole):
        corners = (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1))
        draw.rectangle(corners, outline=step_colour(step), width=width)
    return np.asarray(image)


def tile(
    panels: UInt8[np.ndarray, "rows columns height width 3"], gap: int = 4
) -> UInt8[np.ndarray, "all_height all_width 3"]:
    """Panels of one size in rows and columns, with white gaps of so many pixels between them."""
    spaced = np.pad(panels, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255)
    rows, columns, height, width, _ = spaced.shape
    joined = spaced.swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    return joined[: rows * height - gap, : columns * width - gap]


def font(size: int) -> Any:
    """The font of all captions, at a size in pixels."""
    return ImageFont.load_default(size)


def indexed(
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]], shades: int
) -> list[Image.Image]:
    """Pictures with one palette: exactly the colours of the steps, white and black, and others.

    Args:
        pictures: the pictures, of one size.
        shades: the number of other colours, chosen to suit the pictures, at most 249.
    """
    exact = np.array([*STEP_COLOURS, (255, 255, 255), (0, 0, 0)], np.uint8)
    which = [_codes(p)[..., None] == _codes(exact) for p in pictures]
    others = np.concatenate([p[~w.any(axis=-1)] for p, w in zip(pictures, which, strict=True)])
    suited = Image.fromarray(others[None]).quantize(shades).getpalette() if len(others) else None
    palette = Image.new("P", (1, 1))
    palette.putpalette([*exact.ravel().tolist(), *(suited or [])[: 3 * shades]])
    images = []
    for picture, exactly in zip(pictures, which, strict=True):
        # Pillow looks colours up in a coarse table, which may miss an exact match.
        nearest = Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        index = np.where(exactly.any(axis=-1), exactly.argmax(axis=-1), np.asarray(nearest))
        image = Image.fromarray(index.astype(np.uint8))
        image.putpalette(palette.getpalette() or [])
        images.append(image)
    return images


def _codes(pixels: UInt8[np.ndarray, "*picture 3"]) -> UInt32[np.ndarray, "*picture"]:
    """Each colour as one number, quicker to compare than three."""
    return pixels @ np.array([1 << 16, 1 << 8, 1], np.uint32)


def png(pixels: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """A PNG file of 256 colours, with the exact colours of the steps."""
    buffer = io.BytesIO()
    indexed([pixels], 249)[0].save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def exact_png(image: Pixels) -> bytes:
    """A PNG file of an image as it is, clipped to [0, 1], in 8 bits a channel."""
    buffer = io.BytesIO()
    bits = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(bits).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def sheet(
    pixels: UInt8[np.ndarray, "height width 3"],
    *,
    left: int = 0,
    above: int = 0,
    below: int = 0,
    width: int = 0,
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A white sheet with a picture on it, and what draws on the sheet.

    `left` of the picture, `above` and `below` it is room of so many pixels; `width` is the least
    width of the sheet.
    """
    height, across = pixels.shape[:2]
    image = Image.new("RGB", (max(left + across, width), above + height + below), "white")
    image.paste(Image.fromarray(pixels), (left, above))
    return image, ImageDraw.Draw(image)


def write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, anchor: str = "lm"
) -> None:
    """Write in black: at a place, from its left end on or as its anchor in Pillow says."""
    draw.text(place, text, fill="black", font=font(size), anchor=anchor)


def side_by_side(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one height, PNG files, as the panels of one, from the left."""
    panels = [np.asarray(Image.open(io.BytesIO(p.data)).convert("RGB")) for p in pictures]
    shown = {"figure": "panels", "panels": [picture.shown for picture in pictures]}
    return Picture(png(np.concatenate(panels, axis=1)), shown)


def strip_uri(images: PixelsOfMany) -> str:
    """Images side by side in one PNG, clipped to [0, 1], as a `data:` URI, in 8 bits a channel."""
    strip = np.concatenate(list(images), axis=1)
    return "data:image/png;base64," + base64.b64encode(exact_png(strip)).decode()


def rounded(values: Shaped[np.ndarray, "..."], decimals: int) -> Any:
    """Nested lists of rounded numbers for JSON, None in place of NaN and infinity."""
    finite = np.isfinite(values)
    numbers = np.round(np.where(finite, values, 0).astype(float), decimals) + 0.0
    return np.where(finite, numbers.astype(object), np.array(None)).tolist()
