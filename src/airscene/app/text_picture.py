"""A picture in text: blocks of two pixels a character for a terminal, or plain characters."""

import numpy as np
from jaxtyping import Float, UInt8
from rich.style import Style
from rich.text import Text

from airscene.images.fit import coloured
from airscene.images.pictures import LUMA
from airscene.images.resample import resample

# Of plain characters, from black to white.
RAMP = " .:-=+*#%@"

Image = Float[np.ndarray, "height width"] | Float[np.ndarray, "height width 3"]


def block_picture(image: Image, columns: int, rows: int) -> Text:
    """Return an image as coloured half blocks, two pixels a character.

    Args:
        image: Grey or colour, in [0, 1].
        columns: The most columns.
        rows: The most rows of text.
    """
    pixels = _small(image, columns, 2 * rows, 1.0)
    pixels = pixels[: len(pixels) // 2 * 2]
    text = Text(no_wrap=True)
    for above, below in zip(pixels[::2], pixels[1::2], strict=True):
        for one, other in zip(above.tolist(), below.tolist(), strict=True):
            style = Style.parse("rgb({},{},{}) on rgb({},{},{})".format(*one, *other))
            text.append("\N{UPPER HALF BLOCK}", style)
        text.append("\n")
    return text


def plain_picture(image: Image, columns: int, rows: int) -> str:
    """Return an image as characters, ` ` for the darkest and `@` for the brightest.

    Args:
        image: Grey or colour, in [0, 1].
        columns: The most columns.
        rows: The most rows of text.
    """
    # A character is about twice as high as wide.
    grey = _small(image, columns, rows, 0.5) @ LUMA
    low, high = float(grey.min()), float(grey.max())
    level = (grey - low) / max(high - low, 1e-6)
    which = np.minimum((level * len(RAMP)).astype(int), len(RAMP) - 1)
    return "".join("".join(RAMP[k] for k in row).rstrip() + "\n" for row in which)


def _small(image: Image, columns: int, rows: int, tall: float) -> UInt8[np.ndarray, "h w 3"]:
    """An image reduced to so many columns and rows at most, a row as high as 1 / tall columns."""
    height, width = image.shape[0] * tall, image.shape[1]
    ratio = min(columns / width, rows / height)
    size = (max(2, round(height * ratio)), max(1, round(width * ratio)))
    planes = resample(np.moveaxis(coloured(image), -1, 0), size)
    return np.rint(255 * np.clip(np.moveaxis(planes, 0, -1), 0.0, 1.0)).astype(np.uint8)
