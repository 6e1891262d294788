"""What a model must be told of its images, estimated from them: size, brightness and noise."""

import math
from typing import Any

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError

# The paper's standard deviation of a pixel, and what an image is at least to be worth with it.
SIGMA, NATS = 0.3, 500.0

# A pixel brighter than this, of 255, is ink.
INK = 64

# The brightest that a decoder draws is so much above what it is to draw.
ROOM = 1.1

# Pieces with less ink than this share of the typical piece are specks and broken strokes.
SPECK = 0.2


def estimate_object_size(
    images: UInt8[np.ndarray, "n height width"] | UInt8[np.ndarray, "n height width 3"],
    most: int = 1000,
) -> float:
    """The side of a window that holds a typical object, as a fraction of the images' short side.

    The typical larger side of the connected pieces of ink, weighted by their ink. Objects that
    touch count as one piece and make the estimate too large; objects in several pieces, too small.

    Args:
        images: Bright objects on black.
        most: Images looked at, from the first.

    Raises:
        InputError: If the images are all black or too faint, or the objects fill them.
    """
    from scipy import ndimage  # slow to import, and nothing else needs it

    grey = images[:most].max(axis=3) if images.ndim == 4 else images[:most]
    sides, inks = [], []
    for image in grey:
        labelled: Any = ndimage.label(image > INK, structure=np.ones((3, 3)))
        pieces, n = labelled
        inks.extend(ndimage.sum_labels(image, pieces, range(1, n + 1)))
        sides.extend(max(s.stop - s.start for s in box) for box in ndimage.find_objects(pieces))
    if not sides:
        brightest = int(grey.max(initial=0))
        if not brightest:
            raise InputError("the images are all black; the objects should be bright on black")
        raise InputError(
            f"the images are too faint to estimate the size of their objects: no pixel is above "
            f"{brightest} of 255; raise their contrast so that objects come near 255, or give "
            "--object-size"
        )
    sides, inks = np.array(sides), np.array(inks)
    whole = inks > SPECK * np.median(inks)
    # Half a pixel more on each side, where ink fades out.
    side = np.median(sides[whole]) + 1.0
    fraction = float(side / min(grey.shape[1:]))
    if fraction > 0.8:
        raise InputError(
            f"the objects seem to fill the images ({fraction:.0%} of their side): they should be "
            "bright on a dark background; give --object-size if they are"
        )
    return round(fraction, 3)


def estimate_brightness(images: UInt8[np.ndarray, "n *shape"]) -> float:
    """The most that an object adds to a pixel, as a share of white.

    The median of the ink, in the channel that has most of it, and a tenth more, as a sigmoid does
    not reach its end. Where objects that add up overlap the images are brighter; but overlaps are
    less than half of the ink, unless objects are crowded.

    Args:
        images: Bright objects on black; colours last.

    Raises:
        InputError: If the images are all black.
    """
    ink = images.max(axis=3) if images.ndim == 4 else images
    ink = ink[ink > INK]
    if not len(ink):
        raise InputError("no pixel is bright enough to estimate how bright objects are")
    return round(min(1.0, ROOM * float(np.median(ink)) / 255.0), 3)


def estimate_sigma(images: UInt8[np.ndarray, "n *shape"]) -> float:
    """A standard deviation of a pixel with which the objects of images stand out of the noise.

        sigma = min(0.3, sqrt(mean_{x not black} sum x^2 / (2 * 500)))

    To leave an image black costs sum x^2 / (2 sigma^2) nats. Of small or faint objects that is so
    little, with the paper's 0.3, that they are best explained as noise: a few tens of nats for a
    digit of 9 pixels. So the deviation, in units of white, is lowered until images that are not
    black are worth 500.
    """
    squares = np.square(images / 255.0, dtype=np.float32).reshape(len(images), -1).sum(axis=1)
    energy = squares[squares > 0].mean() / 2.0 if squares.any() else math.inf
    return round(min(SIGMA, math.sqrt(energy / NATS)), 4)
