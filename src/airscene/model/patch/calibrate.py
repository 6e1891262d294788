"""What a model is told of its images, without labels: contrast, noise, sigma, worth."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.model.patch.air import MARGIN, likelihood_of
from airscene.model.patch.attend import BLUR
from airscene.model.patch.config import Calibration, PatchConfig

# Peaks this far apart, in windows, are of different objects; energies are summed over a square of
# this side.
APART, SQUARE = 0.8, 0.9

# Peaks weaker than this share of the typical one are no objects.
WEAK = 0.25

# Images that are looked at.
MOST = 120

Planes = Float[np.ndarray, "channel _ _"]


def calibrate(images: Sequence[np.ndarray], config: PatchConfig) -> Calibration:
    """Estimate contrast, noise, sigma and worth; the size is kept.

    Sigma is such that a typical object is worth what `config` says, but not below the noise.

    Args:
        images: Scaled images, less their ground.
        config: What else decides the model.

    Raises:
        InputError: If the images are nothing but ground.
    """
    images = images[:MOST]
    noise = float(np.median([noise_deviation(image) for image in images]))
    peaks = [_peaks(image, MARGIN * config.pixels) for image in images]
    strength = np.concatenate([strength for strength, _ in peaks])
    contrast = _typical(strength)
    if contrast < 1e-3:
        raise InputError("the images show nothing but their ground: there is no object to learn")
    strong = [
        square
        for strengths, squares in peaks
        for s, square in zip(strengths, squares, strict=True)
        if s > WEAK * contrast**2
    ]
    known = replace(config.calibration, contrast=contrast, noise=noise, sigma=1.0, worth=1.0)
    unit = likelihood_of(replace(config, calibration=known))
    # Deficits are in units of sigma squared; what noise alone costs is no energy of an object.
    deficit = float(np.median([unit.deficit(square).sum() for square in strong]))
    of_noise = 0.5 * min(noise**2, noise * contrast) * float(np.median([x.size for x in strong]))
    energy = max(deficit - of_noise, 0.3 * deficit)
    sigma = max(float(np.sqrt(energy / config.object_worth)), noise, 1e-4)
    said = {"contrast": contrast, "noise": noise, "sigma": sigma, "worth": energy / sigma**2}
    return replace(config.calibration, **{name: round(x, 6) for name, x in said.items()})


def contrasts(images: Sequence[np.ndarray], config: PatchConfig) -> Float[np.ndarray, " n"]:
    """Return the contrast of the objects of each image with its ground.

    Args:
        images: Scaled images, less their ground.
        config: What else decides the model.
    """
    return np.array([_typical(_peaks(image, MARGIN * config.pixels)[0]) for image in images])


def _typical(strength: Float[np.ndarray, " peaks"]) -> float:
    """The contrast at the peaks of the smoothed error: their median, weighted by themselves."""
    if not strength.sum() > 0.0:
        return 0.0
    ordered = np.sort(strength)
    heavier = np.cumsum(ordered)
    return float(np.sqrt(ordered[np.searchsorted(heavier, heavier[-1] / 2.0)]))


def noise_deviation(image: Planes) -> float:
    """Return the standard deviation of the noise of a pixel: robust, of high frequencies.

    The median absolute response to a mask that no plane and no ramp answers (Immerkaer 1996).
    """
    from scipy import ndimage

    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6.0
    return float(np.median([np.median(np.abs(ndimage.convolve(p, mask))) for p in image]) / 0.6745)


def _peaks(image: Planes, window: float) -> tuple[np.ndarray, list[Any]]:
    """The squared contrast at the peaks of the smoothed error, and the square about each."""
    from scipy import ndimage

    blur = BLUR * window
    energy = np.square(ndimage.gaussian_filter(image, (0, blur, blur))).mean(axis=0)
    highest = ndimage.maximum_filter(energy, int(APART * window) | 1)
    rows, columns = np.nonzero((energy == highest) & (energy > 0))
    half = int(SQUARE * window) // 2
    squares = [
        image[:, max(0, r - half) : r + half + 1, max(0, c - half) : c + half + 1]
        for r, c in zip(rows, columns, strict=True)
    ]
    return energy[rows, columns], squares
