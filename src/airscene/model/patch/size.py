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

# What is closer to the ground than this, in units of white, does not stand out.
FAINTEST = 1e-4

# The longer side of the box of a typical object, in diameters of the circle within: 1 for discs,
# and more for whatever is not round. It is measured on this many objects at least that stand alone,
# and is at most this.
LONGER, ALONE, LONGEST = 1.2, 10, 2.0

# The soft edge of what is taken out, in pixels.
RIM = 2

# Sizes that differ by more than this between images, as a standard deviation of their logarithm,
# are taken to be mixed: each image then has a size of its own.
MIXED = 0.35

# Images whose sizes are compared.
MOST = 60

Planes = Float[np.ndarray, "channel _ _"]


class Standing(NamedTuple):
    """What stands out of the ground of an image.

    Args:
        side: The longer side of a typical object's box, in pixels, if it is 1.2 diameters of the
            circle within; 0 if nothing stands out.
        circles: Place and radius (x, y, r) of what is taken for an object, in pixels.
        longer: Of each object that stands alone, away from the edge, the longer side of its box in
            diameters of the circle within.
    """

    side: float
    circles: Float[np.ndarray, "n 3"]
    longer: Float[np.ndarray, " alone"]


class Sizes(NamedTuple):
    """How large objects are in some images.

    Args:
        typical: The median over the images of `Standing.side`, as a share of their short side.
        spread: Standard deviation of its logarithm between images, robust.
        n_objects: About how many objects an image has, the median.
        each: What stands out of each image that was looked at.
    """

    typical: float
    spread: float
    n_objects: float
    each: tuple[Standing, ...] = ()

    @property
    def box(self) -> float:
        """The longer side of a typical object's box, as a share of the images' short side."""
        longer = np.concatenate([np.zeros(0), *(one.longer for one in self.each)])
        if len(longer) < ALONE:
            return self.typical
        return self.typical / LONGER * float(np.clip(np.median(longer), 1.0, LONGEST))

    @property
    def are_mixed(self) -> bool:
        """Whether each image has a size of its own."""
        return self.spread > MIXED


def object_sizes(images: Sequence[np.ndarray]) -> Sizes:
    """Estimate how large the objects of images are.

    Args:
        images: Images less their ground, of about `SIDE` pixels.
    """
    images = images[:MOST]
    each = tuple(object_size(image) for image in images)
    both = zip(each, images, strict=True)
    shares = np.array([one.side / min(image.shape[1:]) for one, image in both if one.side > 0])
    if not shares.size:
        return Sizes(0.0, 0.0, 0.0, each)
    logs = np.log(shares)
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    counts = [len(one.circles) for one in each]
    return Sizes(float(np.median(shares)), spread, float(np.median(counts)), each)


def object_size(image: Planes) -> Standing:
    """Return the longer side of a typical object, in pixels, and where objects seem to be.

    What stands out by more than Otsu's threshold is filled; the largest circles within it that do
    not hold each other's centres are taken for objects. The typical one is the median of their
    diameters, weighted by area: specks count for little.
    """
    from scipy import ndimage

    out = standing_out(image)
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
        return Standing(0.0, kept, np.zeros(0))
    diameters = np.sort(2.0 * kept[:, 2])
    heavier = np.cumsum(np.square(diameters))
    typical = float(diameters[np.searchsorted(heavier, heavier[-1] / 2.0)])
    circles = kept[2.0 * kept[:, 2] > typical / 2.0]
    # A pixel's place is its middle.
    longer = _longer(out, circles)
    return Standing(LONGER * typical, circles[:, [1, 0, 2]] + [0.5, 0.5, 0.0], longer)


def standing_out(image: Planes) -> Bool[np.ndarray, "height width"]:
    """Return where an image less its ground is more than Otsu's threshold, its holes filled."""
    from scipy import ndimage

    strength = np.sqrt(np.square(ndimage.gaussian_filter(image, (0, BLUR, BLUR))).mean(axis=0))
    # Nothing stands out where nothing differs from the ground by more than rounding.
    out = strength > max(otsu(strength)[0], FAINTEST)
    opened: Any = ndimage.binary_opening(ndimage.binary_fill_holes(out))
    return opened


def without_large(image: Planes, longest: float) -> Planes:
    """Return an image less its ground without what stands out in one piece and is long.

    Args:
        image: The image less its ground.
        longest: The longer side of the box of what stays, in pixels.
    """
    from scipy import ndimage

    found: Any = ndimage.label(standing_out(image), np.ones((3, 3)))
    large = np.zeros(image.shape[1:], bool)
    for label, place in enumerate(ndimage.find_objects(found[0]), 1):
        if max(s.stop - s.start for s in place) > longest:
            large[place] |= found[0][place] == label
    # Its edge is soft.
    large = ndimage.binary_dilation(large, iterations=RIM) if large.any() else large
    return np.where(large, 0.0, image).astype(image.dtype)


def _longer(
    out: Bool[np.ndarray, "height width"], circles: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, " alone"]:
    """The longer sides of regions with one circle (row, column, radius), in its diameters."""
    from scipy import ndimage

    found: Any = ndimage.label(out)
    rows, columns = circles[:, :2].astype(int).T
    holds = found[0][rows, columns]
    longer = []
    for label, place in enumerate(ndimage.find_objects(found[0]), 1):
        (inside,) = np.nonzero(holds == label)
        at_edge = any(s.start == 0 or s.stop == n for s, n in zip(place, out.shape, strict=True))
        if len(inside) == 1 and not at_edge:
            side = max(s.stop - s.start for s in place)
            longer.append(side / (2.0 * circles[inside[0], 2]))
    return np.array(longer)


def reduced(image: Planes) -> Float[np.ndarray, "channel new_height new_width"]:
    """Return an image reduced to `SIDE` pixels, if it is larger."""
    ratio = min(1.0, SIDE / max(image.shape[1:]))
    height, width = (max(1, round(side * ratio)) for side in image.shape[1:])
    return resample(image, (height, width)) if ratio < 1.0 else image


def otsu(values: Float[np.ndarray, "height width"]) -> tuple[float, float]:
    """Return the threshold that divides values into two classes of the least variance (Otsu 1979).

    And the variance that is between the classes.
    """
    counts, edges = np.histogram(values, 128)
    middles = (edges[1:] + edges[:-1]) / 2.0
    below = counts.cumsum() / counts.sum()
    mean = (counts * middles).cumsum() / counts.sum()
    apart = np.square(mean[-1] * below - mean) / np.maximum(below * (1.0 - below), 1e-12)
    return float(middles[apart.argmax()]), float(apart.max())
