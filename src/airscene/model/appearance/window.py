"""What one object looks like, and what its window is read from."""

from typing import NamedTuple

from jaxtyping import Array, Float

from airscene.model.composition import COMPOSITIONS
from airscene.model.config import AIRConfig
from airscene.model.shapes import Image, Mask


class Appearance(NamedTuple):
    """What one object looks like.

    Args:
        mean: Mean of q(z_what).
        scale: Standard deviation of q(z_what).
        z_what: Appearance code.
        drawn: What it adds to the canvas: its colours, times the mask if it has one.
        mask: How much of each pixel it covers; None where the composition needs no masks.
    """

    mean: Float[Array, " what"]
    scale: Float[Array, " what"]
    z_what: Float[Array, " what"]
    drawn: Image
    mask: Mask | None = None


def seen_channels(config: AIRConfig) -> int:
    """Channels of what a window is read from.

    They are the image's, or of the difference network those of the error; and, if objects hide each
    other, of the canvas.
    """
    hides = COMPOSITIONS[config.composition].hides
    return config.image_shape[0] * (1 + (hides and config.where_proposal == "difference"))
