"""A background of one colour an image."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float32

from airscene.model.background.fitted import FittedBackground, Planes, Values

# Colours are counted in this many bins a channel before the mean shift, whose kernel has this
# deviation in each channel.
BINS, WIDTH, SHIFTS = 20, 0.04, 30

# Two modes are at least so far apart (root mean square over the channels), and a second one is one
# of at least so many pixels.
APART, FEWEST = 0.12, 20

# Pixels of a colour, and of an image, that are enough to estimate a ground.
ENOUGH = 4096


class Flat(FittedBackground):
    """The most frequent colour of the image, everywhere.

    The mode and not the mean or the median: where objects cover half of the image, those lie
    between the ground and the objects.
    """

    def fit(self, image: Planes) -> Float[np.ndarray, " channel"]:
        """Return the colour."""
        colours = np.asarray(image, float).reshape(len(image), -1).T
        return mode(colours[:: max(1, len(colours) // ENOUGH)])

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return the ground of this colour."""
        colour = np.asarray(values, np.float32)[:, None, None]
        return np.broadcast_to(colour, (len(values), *size)).copy()


def mode(colours: Float[np.ndarray, "n channel"]) -> Float[np.ndarray, " channel"]:
    """Return the mode of colours: mean shift from the fullest bin of their histogram."""
    bins = np.floor(colours * BINS).astype(int)
    bins = bins - bins.min()
    # A colour as one number: rows are compared far more slowly.
    codes = bins @ (bins.max() + 1) ** np.arange(bins.shape[1])[::-1]
    _, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
    centre = colours[which == counts.argmax()].mean(axis=0)
    for _ in range(SHIFTS):
        distance = np.square(colours - centre).mean(axis=1)
        weight = np.exp(-0.5 * distance / WIDTH**2)
        centre = weight @ colours / weight.sum()
    return centre


def modes(
    colours: Float[np.ndarray, "n channel"], most: int
) -> Iterator[Float[np.ndarray, " channel"]]:
    """Yield the mode of colours, then that of those far from it, and so on."""
    for k in range(most):
        if k and len(colours) < FEWEST:
            return
        centre = mode(colours)
        yield centre
        colours = colours[np.square(colours - centre).mean(axis=1) > APART**2]
