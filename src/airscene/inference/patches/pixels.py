"""Which pixels are of an object, as it is drawn and as the image shows it."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32

from airscene.inference.patches.objects import Found
from airscene.model.patch.air import PatchAIR

# Where objects have many colours, a pixel is of one that changes it by this share of its strongest
# change; what changes it by less than a fiftieth of white is not counted to that.
EDGE, WEAKEST = 0.2, 0.02

# Where they have one, a pixel is of an object only if it covers this share of it. Its colour is
# its drawing over its mask, and where it has hardly any mask, its mean colour, by this weight.
COVERED, BLEND = 0.02, 0.1

# Parts of an object that are smaller than this share of its largest are no parts.
LEAST_PART = 0.2

Side = Float32[np.ndarray, "side side"]
Part = Float32[np.ndarray, "channel side side"]


def changed(one: Found) -> Side:
    """Return a number for each pixel that is above 0 where an object of many colours is.

    A pixel need not look like what is drawn of it: its change of the canvas counts.

    Args:
        one: The object.
    """
    strength = np.sqrt(np.square(one.drawn).sum(axis=0))
    strong = strength > WEAKEST
    if not strong.any():
        return np.full_like(strength, -1.0)
    return strength - np.float32(EDGE * np.quantile(strength[strong], 0.9))


def likely(model: PatchAIR, one: Found, image: Part, without: Part) -> Side:
    """Return a number for each pixel that is above 0 where an object of one colour is.

    The posterior log-odds that the pixel is of the object a and not of what is there without it, y,
    each pixel by itself:

        log m / (1 - m) + log p(x | a) - log p(x | y)

    So an edge lies where the image has it, and not where a soft mask ends.

    Args:
        model: The model.
        one: The object.
        image: The image on its patch, less the ground.
        without: The canvas without it.
    """
    deficit: Any = model.likelihood.deficit
    mean = one.drawn.sum((1, 2)) / max(float(one.mask.sum()), 1e-6)
    colour = (one.drawn + BLEND * mean[:, None, None]) / (one.mask + BLEND)
    mask = np.clip(one.mask, COVERED, 1.0 - COVERED)
    odds = np.log(mask / (1.0 - mask))
    odds = odds + np.asarray(deficit(image - without) - deficit(image - colour)).sum(axis=0)
    whole = _whole((odds > 0.0) & (one.mask > COVERED))
    return np.where(whole, np.maximum(odds, 0.1), np.minimum(odds, -0.1)).astype(np.float32)


def _whole(bits: Bool[np.ndarray, "side side"]) -> Bool[np.ndarray, "side side"]:
    """Pixels of an object without specks and holes."""
    from scipy import ndimage

    found: Any = ndimage.label(bits)
    labels, n = found
    if n > 1:
        sizes: Float[np.ndarray, " n"] = np.bincount(labels.ravel())[1:]
        bits = np.isin(labels, 1 + np.flatnonzero(sizes >= LEAST_PART * sizes.max()))
    filled: Any = ndimage.binary_fill_holes(bits)
    return filled
