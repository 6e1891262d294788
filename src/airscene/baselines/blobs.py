"""Counting without a model: a threshold and a watershed, or blobs of one size."""

from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from airscene.images.pictures import GreyOrColour
from airscene.model.patch.size import otsu

# The share of the border that is brighter than the threshold decides which side objects are on.
HALF = 0.5

# A region is a speck below this share of the area of a typical object.
SPECK = 0.04

# A hole is filled below this share of it: between objects that touch there is ground.
HOLE = 0.5

# Peaks of the distance transform are this share of an object's side apart.
APART = 0.6

# A blob answers at least this share of what the strongest does: the .95 quantile of peaks.
WEAKEST = 0.35

Boxes = Float[np.ndarray, "n 4"]


def otsu_watershed(image: GreyOrColour, side: float) -> Boxes:
    """Return the boxes of what Otsu's threshold and a watershed of the distance transform divide.

    Of the channels grey, red, green, blue and saturation it takes the one that the threshold
    divides most cleanly: with the largest share of its variance between the two classes. The side
    of the threshold that touches the border less is that of the objects; holes are filled, and
    specks left out.

    Args:
        image: The image.
        side: The longer side of a typical object, in pixels.

    Source: Otsu 1979; Vincent and Soille 1991.
    """
    from scipy import ndimage

    divided = [(channel, *otsu(channel)) for channel in _channels(image)]
    channel, threshold, _ = max(divided, key=lambda one: one[2] / max(one[0].var(), 1e-12))
    out = channel > threshold
    border = np.concatenate([out[0], out[-1], out[:, 0], out[:, -1]])
    out = ~out if border.mean() > HALF else out
    filled: Any = ndimage.binary_fill_holes(out)
    holes, n_holes = _regions(filled & ~out)
    areas = np.bincount(holes.ravel(), minlength=n_holes + 1)
    small = (areas < HOLE * np.pi / 4.0 * side**2) & (np.arange(n_holes + 1) > 0)
    out = ndimage.binary_opening(out | small[holes])
    distance: Any = np.asarray(ndimage.distance_transform_edt(out))
    smooth = ndimage.gaussian_filter(distance, 1.0)
    reach = 2 * int(APART * side / 2.0) + 1
    peaks = (smooth == ndimage.maximum_filter(smooth, reach)) & out
    labels = _flooded(-distance, _regions(peaks)[0], out)
    boxes = []
    for label, place in enumerate(ndimage.find_objects(labels), 1):
        if place and (labels[place] == label).sum() > SPECK * np.pi / 4.0 * side**2:
            rows, columns = place
            boxes.append((columns.start, rows.start, columns.stop, rows.stop))
    return np.array(boxes, float).reshape(-1, 4)


def log_blobs(image: GreyOrColour, side: float) -> Boxes:
    """Return boxes of one size about the peaks of the Laplacian of a Gaussian.

    Both dark and bright blobs are tried, and those are taken whose strongest answer more.

    Args:
        image: The image.
        side: The longer side of a typical object, in pixels: a disc of that diameter answers most.

    Source: Lindeberg 1998.
    """
    from scipy import ndimage

    grey = _channels(image)[0]
    deviation = side / 2.0 / np.sqrt(2.0)
    answer = -(deviation**2) * np.asarray(ndimage.gaussian_laplace(grey, deviation))
    reach = 2 * int(APART * side) + 1
    best: tuple[float, np.ndarray] | None = None
    for signed in (answer, -answer):
        highest = (signed == ndimage.maximum_filter(signed, reach)) & (signed > 0)
        if not highest.any():
            continue
        strongest = float(np.quantile(signed[highest], 0.95))
        if best is None or strongest > best[0]:
            # Of peaks side by side, the middle.
            peaks, n = _regions(highest & (signed > WEAKEST * strongest))
            best = strongest, np.array(ndimage.center_of_mass(peaks > 0, peaks, range(1, n + 1)))
    if best is None:
        return np.zeros((0, 4))
    y, x = best[1].T + 0.5
    half = side / 2.0
    height, width = grey.shape
    edges = np.stack([x - half, y - half, x + half, y + half], axis=1)
    return np.clip(edges, 0.0, [width, height, width, height])


def _flooded(
    height: Float[np.ndarray, "rows columns"],
    markers: Int[np.ndarray, "rows columns"],
    inside: Bool[np.ndarray, "rows columns"],
) -> Int[np.ndarray, "rows columns"]:
    """The watershed of a height: markers grow into their surroundings, the lowest pixels first."""
    labels, rows, columns = markers.copy(), *height.shape
    queue = [(height[y, x], y, x) for y, x in np.argwhere(markers > 0).tolist()]
    heapify(queue)
    while queue:
        _, y, x = heappop(queue)
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < rows and 0 <= u < columns and inside[v, u] and not labels[v, u]:
                labels[v, u] = labels[y, x]
                heappush(queue, (height[v, u], v, u))
    return labels


def _regions(there: Bool[np.ndarray, "rows columns"]) -> tuple[Any, int]:
    """Connected regions, numbered from 1, and how many there are."""
    from scipy import ndimage

    found: Any = ndimage.label(there, np.ones((3, 3)))
    return found


def _channels(image: GreyOrColour) -> list[Float[np.ndarray, "height width"]]:
    """Grey; of a colour image also red, green, blue and saturation."""
    if image.ndim == 2:
        return [np.asarray(image, float)]
    colour = np.asarray(image, float)
    high, low = colour.max(axis=2), colour.min(axis=2)
    saturation = (high - low) / np.maximum(high, 1e-6)
    return [colour.mean(axis=2), *np.moveaxis(colour, 2, 0), saturation]
