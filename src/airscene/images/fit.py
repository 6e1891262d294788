"""Images brought to the size and the channels of a model."""

import numpy as np
from jaxtyping import Float32

from airscene.errors import InputError
from airscene.images.pictures import LUMA, GreyOrColour
from airscene.images.resample import resample


def fit_image(
    image: GreyOrColour, size: tuple[int, int], channels: int, resize: bool, source: str
) -> Float32[np.ndarray, "channels new_height new_width"]:
    """Brings an image to the size and the channels of a model.

    Colour becomes grey by Rec. 601 luma; grey becomes colour by repetition. Resampling stretches
    each side on its own, so that a pixel x of the result lies at x * width / new_width.

    Args:
        image: `[H, W]` or `[H, W, 3]`, in [0, 1].
        size: the model's (height, width), in pixels.
        channels: the model's channels, 1 or 3.
        resize: whether to resample an image of another size.
        source: the name of the image, for the message.

    Returns:
        The image, channels first, in [0, 1].

    Raises:
        InputError: if the image is of another size and `resize` is false.
    """
    if image.shape[:2] != size and not resize:
        raise InputError(
            f"{source} is {size_of(image)} pixels, the model takes {size[1]}x{size[0]}; crop it, "
            "or give --resize to resample it"
        )
    planes = with_channels(image, channels)
    if image.shape[:2] != size:
        planes = resample(planes, size)
    # Weights that sum to 1 may exceed it by a rounding.
    return np.clip(planes, 0, 1).astype(np.float32)


def with_channels(image: GreyOrColour, channels: int) -> Float32[np.ndarray, "channels h w"]:
    """Bring an image to a model's channels, first: colour becomes grey by Rec. 601 luma."""
    if channels == 1:
        return (image @ LUMA if image.ndim == 3 else image)[None]
    return np.moveaxis(coloured(image), -1, 0)


def coloured(image: np.ndarray) -> np.ndarray:
    """Grey as a colour: the same in all channels."""
    return image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)


def size_of(image: np.ndarray) -> str:
    """Width and height of an image, in words."""
    return f"{image.shape[1]}x{image.shape[0]}"
