"""A background whose forms are learnt from a set of images, at coarse resolution."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32

from airscene.images.resample import resample
from airscene.model.background.fitted import FittedBackground, Planes, Values

# Side of what is learnt, in cells, and of what is fitted, in pixels.
GRID, SIDE = 12, 48

# Forms that are learnt beside the mean, the fewest images that each of them needs, and the fewest
# that a mean needs. So few numbers cannot draw objects that are smaller than a cell, and of larger
# ones only a part.
FORMS, IMAGES_A_FORM, LEAST = 4, 4, 5

# The scales of a residue beyond which a pixel is taken to be no ground, in units of white, one
# after the other; each is fitted with twice.
SCALES = (0.2, 0.12, 0.08, 0.06, 0.04)

# Weight of a penalty on the size of forms and of how much of each an image has.
RIDGE = 1e-3


class Learnt(FittedBackground):
    """A mean, what is added to each channel, and a few forms of which each image has its own part.

        b(x, y) = m(x, y) + a + sum_{k <= 4} z_k f_k(x, y)

    A linear decoder of cells of a twelfth of the image: light that comes from one side or the
    other, a vignette, a bench in several states. Its encoder is a fit by reweighted least squares,
    with Geman-McClure weights of a scale that shrinks: what is far from it, the objects, loses its
    influence. Of objects that are much larger than a cell, and nearly of the ground's colour, a
    part is taken for ground.

    Args:
        pictures: The mean, then the forms.
    """

    pictures: Float32[np.ndarray, "k channel grid grid"]

    def fit(self, image: Planes) -> Values:
        """Return what is added to each channel, then how much of each form the image has."""
        channels = len(image)
        target = _pixels(image) - _grown(self.pictures[:1])[0]
        forms = _grown(self.pictures[1:])
        added = np.median(target, axis=1, keepdims=True)
        fit, values = np.broadcast_to(added, target.shape), np.zeros(0)
        basis = np.concatenate([_constants(channels), forms.reshape(len(forms), -1).T], axis=1)
        for scale in np.repeat(SCALES, 2):
            weight = _weights(target - fit, scale)
            values = _solved(basis, target.ravel(), np.tile(weight, channels), channels)
            fit = (basis @ values).reshape(target.shape)
        return values

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return the ground of these values."""
        channels = self.pictures.shape[1]
        added, parts = np.split(np.asarray(values, np.float32), [channels])
        coarse = self.pictures[0] + np.tensordot(parts, self.pictures[1:], axes=1)
        return resample(coarse.astype(np.float32), size) + added[:, None, None]


def learn(images: Sequence[Planes]) -> Float32[np.ndarray, "k channel grid grid"]:
    """Return the mean and the forms of the grounds of images.

    A robust factorisation, by alternating reweighted least squares: how much of each form each
    image has, then each form in each pixel, which is made coarse. Objects are elsewhere in every
    image, so that they are no part of it.

    Args:
        images: Images of any size, `LEAST` or more. They are stretched to one size.
    """
    channels, n_forms = len(images[0]), min(FORMS, len(images) // IMAGES_A_FORM)
    seen = np.stack([_pixels(image) for image in images])
    added = np.median(seen, axis=2, keepdims=True)
    mean = np.median(seen - added, axis=0)
    forms = np.zeros((0, *mean.shape))
    residue = seen - added - mean
    for scale in SCALES:
        weight = np.stack([_weights(one, scale) for one in residue])
        if not len(forms) and n_forms:
            forms = _largest(residue * weight[:, None], n_forms)
        for _ in range(2):
            basis = np.concatenate([_constants(channels), forms.reshape(len(forms), -1).T], axis=1)
            parts = np.stack(
                [
                    _solved(basis, (x - mean).ravel(), np.tile(w, channels), channels)
                    for x, w in zip(seen, weight, strict=True)
                ]
            )
            # Each pixel has its own least squares, of the mean and the forms.
            known = np.concatenate([np.ones((len(seen), 1)), parts[:, channels:]], axis=1)
            target = seen - parts[:, :channels, None]
            normal = np.einsum("np,ni,nj->pij", weight, known, known)
            normal += RIDGE * len(seen) * np.eye(known.shape[1])
            before = np.concatenate([mean[None], forms])
            moment = np.einsum("np,ni,ncp->pic", weight, known, target)
            # The penalty is on how far it goes from what was: a pixel that is never ground stays.
            moment += RIDGE * len(seen) * before.transpose(2, 0, 1)
            pictures = np.linalg.solve(normal, moment).transpose(1, 2, 0)
            mean, *rest = _grown(_coarse(pictures))
            forms = np.stack(rest) if rest else forms
            fit = np.einsum("ni,icp->ncp", known, np.concatenate([mean[None], forms]))
            residue = seen - parts[:, :channels, None] - fit
            weight = np.stack([_weights(one, scale) for one in residue])
    return _coarse(np.concatenate([mean[None], forms]))


def _pixels(image: Planes) -> Float[np.ndarray, "channel pixels"]:
    return resample(image, (SIDE, SIDE)).reshape(len(image), -1).astype(float)


def _coarse(pictures: Float[np.ndarray, "k channel pixels"]) -> np.ndarray:
    """The cells that are nearest to pictures when they are grown."""
    square = pictures.reshape(*pictures.shape[:2], SIDE, SIDE)
    return (_SHRINK @ square @ _SHRINK.T).astype(np.float32)


def _grown(cells: np.ndarray) -> Float[np.ndarray, "k channel pixels"]:
    large = _GROW @ np.asarray(cells, float) @ _GROW.T
    return large.reshape(*large.shape[:2], -1)


def _largest(residue: np.ndarray, n: int) -> Float[np.ndarray, "k channel pixels"]:
    """The directions in which residues vary most, coarse."""
    coarse = _grown(_coarse(residue)).reshape(len(residue), -1)
    _, _, directions = np.linalg.svd(coarse, full_matrices=False)
    scale = np.sqrt(residue[0].size)
    return scale * directions[:n].reshape(-1, *residue.shape[1:])


def _weights(residue: np.ndarray, scale: float) -> Float[np.ndarray, " pixels"]:
    return 1.0 / np.square(1.0 + np.square(residue).mean(axis=0) / scale**2)


def _constants(channels: int) -> Float[np.ndarray, "values channels"]:
    """What is added to each channel, as columns."""
    return np.repeat(np.eye(channels), SIDE**2, axis=0)


def _solved(
    basis: np.ndarray, target: np.ndarray, weight: np.ndarray, free: int
) -> Float[np.ndarray, " k"]:
    """Weighted least squares; all but the first few are penalised."""
    ridge = RIDGE * weight.sum() * (np.arange(basis.shape[1]) >= free)
    weighted = weight[:, None] * basis
    return np.linalg.solve(basis.T @ weighted + np.diag(ridge), weighted.T @ target)


# What makes a line of cells pixels, and its inverse by least squares.
_GROW = resample(np.eye(GRID)[:, :, None], (SIDE, 1))[:, :, 0].T.astype(float)
_SHRINK = np.linalg.pinv(_GROW)
