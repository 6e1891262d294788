"""A background that varies slowly over the image."""

import numpy as np
from jaxtyping import Bool, Float, Float32

from airscene.images.resample import resample
from airscene.model.background.fitted import FittedBackground, Planes, Values
from airscene.model.background.flat import modes

# The longest side that an image is reduced to.
SIDE = 64

# What is fitted, one after the other, each twice: the number of cosines an axis, and the scale of
# a residue beyond which a pixel is taken to be no ground, in units of white.
FITS = (
    *2 * ((2, 0.12), (2, 0.08), (2, 0.06)),
    *2 * ((3, 0.06), (3, 0.05), (3, 0.04), (3, 0.04)),
)
ORDER = FITS[-1][0]

# Fits begin from so many colours at most. A pixel is explained by a fit within this scale. Fits are
# compared on a frame along the edge of the reduced image, of so many pixels: where objects cover
# half of an image, a fit to them explains about as much of it all as one to the ground. A fit that
# explains less than this share of what the best one does is one to a border alone.
STARTS, EXPLAINED, FRAME, BORDER = 3, 0.06, 3, 0.6

# Weight of a penalty on all coefficients but the mean: it decides where objects cover the ground.
RIDGE = 1e-5


class Smooth(FittedBackground):
    """A sum of cosines of low order, fitted where the ground is.

        b(x, y) = sum_{i + j < 3} c_ij cos(pi i x) cos(pi j y)

    Reweighted least squares from the mode of the colours, with Geman-McClure weights of a scale
    that shrinks: what is far from the fit, the objects, loses its influence. Where that explains
    less than half of the image, a large object of one colour may have been taken for the ground,
    as a ground that varies has no one colour. Then fits from other frequent colours are tried too,
    and of those that explain about as much, the one is taken that explains most along the edge.
    """

    def fit(self, image: Planes) -> Values:
        """Return the coefficients, of one term after the other in all channels."""
        channels, height, width = image.shape
        ratio = min(1.0, SIDE / max(height, width))
        size = max(1, round(height * ratio)), max(1, round(width * ratio))
        small = resample(image, size).astype(float)
        pixels = small.reshape(channels, -1).T
        bases = {order: _cosines(*size, order) for order, _ in FITS}
        starts = modes(pixels, STARTS)
        best, explained = _fitted(pixels, bases, next(starts))
        if explained.mean() < 0.5:
            fits = [(best, explained), *(_fitted(pixels, bases, start) for start in starts)]
            frame, most = _frame(size), max(explained.mean() for _, explained in fits)
            best, _ = max(
                (fit for fit in fits if fit[1].mean() > BORDER * most),
                key=lambda fit: fit[1][frame].mean(),
            )
        return best.ravel()

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return the ground of these coefficients."""
        rows, columns = (_cosine(side, ORDER) for side in size)
        coefficients = np.asarray(values).reshape(len(_KEPT[0]), -1)
        whole = np.zeros((ORDER, ORDER, coefficients.shape[1]))
        whole[_KEPT] = coefficients
        return np.einsum("ih,ijc,jw->chw", rows, whole, columns).astype(np.float32)


def _fitted(
    pixels: Float[np.ndarray, "n channel"], bases: dict[int, np.ndarray], start: np.ndarray
) -> tuple[Float[np.ndarray, "terms channel"], Float[np.ndarray, " n"]]:
    """What a fit from a colour ends at, and how far it explains each pixel, 0 to 1."""
    fit = np.broadcast_to(start, pixels.shape)
    coefficients = np.zeros((0, pixels.shape[1]))
    for order, scale in FITS:
        basis = bases[order]
        residue = np.square(pixels - fit).mean(axis=1)
        weight = 1.0 / np.square(1.0 + residue / scale**2)
        ridge = RIDGE * weight.sum() * (np.arange(basis.shape[1]) > 0)
        normal = basis.T @ (weight[:, None] * basis) + np.diag(ridge)
        coefficients = np.linalg.solve(normal, basis.T @ (weight[:, None] * pixels))
        fit = basis @ coefficients
    residue = np.square(pixels - fit).mean(axis=1)
    return coefficients, 1.0 / (1.0 + residue / EXPLAINED**2)


def _frame(size: tuple[int, int]) -> Bool[np.ndarray, " pixels"]:
    """Which pixels lie along the edge."""
    frame = np.ones(size, bool)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    return frame.ravel()


_KEPT = tuple(np.array([(i, j) for i in range(ORDER) for j in range(ORDER - i)]).T)


def _cosine(n: int, order: int) -> Float[np.ndarray, "order n"]:
    """Cosines of an axis, at the centres of its pixels."""
    return np.cos(np.pi * np.arange(order)[:, None] * (np.arange(n) + 0.5) / n)


def _cosines(height: int, width: int, order: int) -> Float[np.ndarray, "pixels terms"]:
    rows, columns = _cosine(height, order), _cosine(width, order)
    terms = [np.outer(rows[i], columns[j]).ravel() for i in range(order) for j in range(order - i)]
    return np.stack(terms, axis=1)
