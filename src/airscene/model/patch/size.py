"""How large the objects of an image are, without labels: from what stands out of its ground."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from airscene.images.resample import resample

# The longest side that an image is reduced to.
SIDE = 320

# Smoothing of the image and of distances, and the least radius of an object, in pixels of it.
BLUR, LEAST = 1.0, 1.5

# The longer side of the box of a typical object, in diameters of the circle within: 1 for discs,
# and more for whatever is not round.
LONGER = 1.2

# Sizes that differ by more than this between images, as a standard deviation of their logarithm,
# are taken to be mixed: each image then has a size of its own.
MIXED = 0.35

# Images whose sizes are compared.
MOST = 60

Planes = Float[np.ndarray, "channel height width"]


class Sizes(NamedTuple):
    """How large objects are in some images.

    Args:
        typical: The longer side of a typical object's box: the median over the images, as a share
            of their short side.
        spread: Standard deviation of its logarithm between images, robust.
        n_objects: About how many objects an image has, the median.
    """

    typical: float
    spread: float
    n_objects: float

    @property
    def are_mixed(self) -> bool:
        """Whether each image has a size of its own."""
        return self.spread > MIXED


def object_sizes(images: Sequence[Planes]) -> Sizes:
    """Estimate how large the objects of images are.

    Args:
        images: Images less their ground, of about `SIDE` pixels.
    """
    found = [(object_size(image), image.shape[1:]) for image in images[:MOST]]
    shares = np.array([size / min(shape) for (size, _), shape in found if size > 0])
    if not shares.size:
        return Sizes(0.0, 0.0, 0.0)
    logs = np.log(shares)
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    counts = [n for (_, n), _ in found]
    return Sizes(float(np.median(shares)), spread, float(np.median(counts)))


def object_size(image: Planes) -> tuple[float, int]:
    """Return the longer side of a typical object, in pixels, and about how many there are.

    What stands out by more than Otsu's threshold is filled; the largest circles within it that do
    not hold each other's centres are taken for objects. The typical one is the median of their
    diameters, weighted by area: specks count for little.
    """
    from scipy import ndimage

    strength = np.sqrt(np.square(ndimage.gaussian_filter(image, (0, BLUR, BLUR))).mean(axis=0))
    out: Bool[np.ndarray, "height width"] = strength > _otsu(strength)
    out = ndimage.binary_opening(ndimage.binary_fill_holes(out))
    # Beyond the edge there is ground: of what is cut off, the part that is seen counts.
    padded: Any = ndimage.distance_transform_edt(np.pad(out, 1))
    distance = padded[1:-1, 1:-1]
    smooth = ndimage.gaussian_filter(distance, BLUR)
    rows, columns = np.nonzero((smooth == ndimage.maximum_filter(smooth, 5)) & (distance > LEAST))
    radii = distance[rows, columns]
    kept = np.zeros((0, 3))
    for k in np.argsort(-radii, kind="stable"):
        apart = np.hypot(kept[:, 0] - rows[k], kept[:, 1] - columns[k])
        if (apart > kept[:, 2]).all():
            kept = np.concatenate([kept, [[rows[k], columns[k], radii[k]]]])
    if not len(kept):
        return 0.0, 0
    diameters = np.sort(2.0 * kept[:, 2])
    heavier = np.cumsum(np.square(diameters))
    typical = float(diameters[np.searchsorted(heavier, heavier[-1] / 2.0)])
    return LONGER * typical, int((diameters > typical / 2.0).sum())


def reduced(image: Planes) -> Planes:
    """Return an image reduced to `SIDE` pixels, if it is larger."""
    ratio = min(1.0, SIDE / max(image.shape[1:]))
    height, width = (max(1, round(side * ratio)) for side in image.shape[1:])
    return resample(image, (height, width)) if ratio < 1.0 else image


def _otsu(values: Float[np.ndarray, "height width"], n_bins: int = 128) -> float:
    """The threshold that divides values into two classes of the least variance (Otsu 1979)."""
    counts, edges = np.histogram(values, n_bins)
    middles = (edges[1:] + edges[:-1]) / 2.0
    below = counts.cumsum() / counts.sum()
    mean = (counts * middles).cumsum() / counts.sum()
    apart = np.square(mean[-1] * below - mean) / np.maximum(below * (1.0 - below), 1e-12)
    return float(middles[apart.argmax()])
