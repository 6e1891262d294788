"""What is measured of an image and of what was found in it, to say what is unlike training."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from airscene.inference.patches.scan import Explained
from airscene.model.background.region import inside
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.calibrate import contrasts, noise_deviation
from airscene.model.patch.prepare import Prepared
from airscene.model.patch.size import object_size, reduced
from airscene.model.unlike import Typical, typical_of

# Added to deficits before their logarithm, in nats a pixel: a perfect drawing leaves nothing.
SMALL = 0.01

# The numbers, of those that `airscene.model.unlike` knows.
NUMBERS = (
    "ground",
    "noise",
    "object size",
    "contrast",
    "residual",
    "patch",
    "kl",
    "largest kl",
    "smallest window",
    "largest window",
    "gain",
)

# Added to the variances of few images, in squares of the spread.
RIDGE = 0.5

# Images of training are few: each of so many parts of them is judged by the others.
PARTS = 5


def measure(model: PatchAIR, seen: Prepared, found: Explained) -> Float[np.ndarray, " numbers"]:
    """Return the numbers of an image, in the order of `NUMBERS`; NaN for one that it does not have.

    Args:
        model: The model.
        seen: The image as the model sees it.
        found: What was found in it.
    """
    from scipy import ndimage

    c, less = model.config, seen.less
    ground = inside(model.background.draw(seen.ground, seen.scaled.shape[1:]), c.region)
    small = reduced(less)
    shrunk = len(small[0]) / len(less[0])
    side = object_size(small).side / shrunk
    strong = contrasts([less], c)[0]
    deficit = np.asarray(model.likelihood.deficit(less - found.canvas)).sum(axis=0)
    local = ndimage.uniform_filter(deficit, int(model.window), mode="constant")
    kl = np.array([one.kl for one in found.objects])
    sides = np.log([one.side / model.window for one in found.objects])
    gains = np.array([one.gain for one in found.objects])
    some = bool(found.objects)
    said = {
        "ground": float(ground.mean()),
        "noise": noise_deviation(inside(seen.scaled, c.region)),
        "object size": math.log(side / c.pixels) if side > 0 else np.nan,
        "contrast": math.log(max(strong, 1e-4) / c.calibration.contrast),
        "residual": math.log(SMALL + float(deficit.mean())),
        "patch": math.log(SMALL + float(local.max())),
        "kl": float(kl.mean()) if some else np.nan,
        "largest kl": float(kl.max()) if some else np.nan,
        "smallest window": float(sides.min()) / c.scale_spread if some else np.nan,
        "largest window": float(sides.max()) / c.scale_spread if some else np.nan,
        "gain": math.log(float(np.maximum(gains.mean(), 1e-3)) / c.calibration.worth)
        if some
        else np.nan,
    }
    return np.array([said[name] for name in NUMBERS])


def calibrate(
    model: PatchAIR, seen: Sequence[Prepared], found: Sequence[Explained]
) -> Typical | None:
    """Find out what is typical of the images of training; None if there are too few to tell.

    Where the score is 1 follows from images that did not tell what is typical: each part of the
    images is judged by the others. They are few, so it is the largest score of them.

    Args:
        model: The trained model.
        seen: Images of training as the model sees them.
        found: What was found in them.
    """
    numbers = np.stack([measure(model, *one) for one in zip(seen, found, strict=True)])
    if len(numbers) < 2 * PARTS:
        return None
    part, farthest = np.arange(len(numbers)) % PARTS, 0.0
    for k in range(PARTS):
        typical = _typical(numbers[part != k]).with_threshold(1.0)
        farthest = max(farthest, float(typical.scores(numbers[part == k]).max()))
    return _typical(numbers).with_threshold(farthest)


def _typical(numbers: Float[np.ndarray, "n numbers"]) -> Typical:
    return typical_of(numbers, numbers, NUMBERS, 1, RIDGE)
