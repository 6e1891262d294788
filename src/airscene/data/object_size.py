"""How large the objects of images are, estimated from the images."""

import numpy as np
from jaxtyping import UInt8
from scipy import ndimage

from airscene.errors import InputError

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

    Returns:
        The fraction, for `object_size`.

    Raises:
        InputError: If the images are all black, or the objects fill them.
    """
    grey = images[:most].max(axis=3) if images.ndim == 4 else images[:most]
    sides, inks = [], []
    for image in grey:
        pieces, n = ndimage.label(image > 64, structure=np.ones((3, 3)))
        inks.extend(ndimage.sum_labels(image, pieces, range(1, n + 1)))
        sides.extend(max(s.stop - s.start for s in box) for box in ndimage.find_objects(pieces))
    if not sides:
        raise InputError("the images are all black; the objects should be bright on black")
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
