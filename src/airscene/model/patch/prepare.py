"""An image as the model sees it: scaled, less its ground, at a typical exposure."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from airscene.errors import InputError
from airscene.images.fit import with_channels
from airscene.images.frame import Frame, parse_object_size
from airscene.images.pictures import GreyOrColour
from airscene.model.background import FittedBackground
from airscene.model.background.fitted import Values
from airscene.model.background.region import inside
from airscene.model.patch.calibrate import contrasts
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.size import Planes, object_size, reduced, without_large

# The least and the most that the objects of an image differ from those of a typical image, in size
# and in contrast.
SIZES, EXPOSURES = (0.3, 3.0), (0.25, 8.0)


class Prepared(NamedTuple):
    """An image as the model sees it.

    Args:
        scaled: The scaled image.
        ground: The numbers that tell its ground.
        relative: The size of its objects in that of a typical image's.
        exposure: The contrast of its objects in that of a typical image's.
        less: The region of interest of the scaled image less its ground, over the exposure.
    """

    scaled: Float32[np.ndarray, "channel _ _"]
    ground: Float[np.ndarray, " values"]
    relative: float
    exposure: float
    less: Float32[np.ndarray, "channel _ _"]


def prepare(
    config: PatchConfig, background: FittedBackground, image: GreyOrColour, source: str
) -> Prepared:
    """Bring an image to what the model sees.

    Args:
        config: What the model is told of its images.
        background: What fits the ground.
        image: The image given.
        source: What messages call it.

    Raises:
        InputError: If the image, or the region of interest in it, does not fit the size of the
            objects.
    """
    frame = frame_of(config)
    relative = relative_size(config, background, image)
    scaled = frame.scale(image, source, relative)
    ground = background.fit(scaled)
    less = less_ground(config, background, scaled, image.shape[:2], ground)
    less = inside(less, config.region)
    if max(less.shape[1:]) < config.pixels:
        raise InputError(
            f"{source}: the region of interest is smaller than an object; give a larger --region"
        )
    exposure = 1.0
    if config.exposure == "mixed":
        found = float(contrasts([less], config)[0]) / config.calibration.contrast
        exposure = float(np.clip(found, *EXPOSURES))
    return Prepared(scaled, ground, relative, exposure, (less / exposure).astype(np.float32))


def less_ground(
    config: PatchConfig,
    background: FittedBackground,
    planes: Planes,
    given: tuple[int, int],
    ground: Values | None = None,
) -> Planes:
    """Return an image less its ground, and less what is too large to be an object.

    Args:
        config: What the model is told of its images.
        background: What fits the ground.
        planes: The image, scaled.
        given: Height and width of the image given.
        ground: The numbers that tell its ground, if they are known.
    """
    less = background.less(planes, background.fit(planes) if ground is None else ground)
    if config.ignore_larger_than:
        longest = parse_object_size(config.ignore_larger_than).pixels(given)
        less = without_large(less, longest * planes.shape[1] / given[0])
    return less


def relative_size(config: PatchConfig, background: FittedBackground, image: GreyOrColour) -> float:
    """Return the size of an image's objects in that of a typical image's: 1 where all are alike."""
    if config.sizes != "mixed":
        return 1.0
    small = reduced(with_channels(image, config.channels))
    less = less_ground(config, background, small, image.shape[:2])
    share = object_size(less)[0] / min(small.shape[1:])
    if not share:
        return 1.0
    relative = share / config.calibration.size
    if parse_object_size(config.object_size).in_pixels:
        # Of images of several sizes, a share of the short side is no size in pixels.
        relative *= min(image.shape[:2]) / config.calibration.short_side
    return float(np.clip(relative, *SIZES))


def frame_of(config: PatchConfig) -> Frame:
    """Return how images are scaled."""
    return Frame(parse_object_size(config.object_size), config.pixels, config.channels)
