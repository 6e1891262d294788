"""Where to look next in a whole image: kept up to date where something changed, and only there."""

import math

import numpy as np
from jaxtyping import Float32

from airscene.model.patch.attend import BLUR, saturated

# The blur is cut off after so many deviations.
TRUNCATE = 3.0

# The least saliency of a place that is looked at, and how far apart peaks of it are, in windows.
LEAST, PEAKS = 0.05, 0.25

# How far apart places are that are looked at in one round, in windows: what they see and draw then
# hardly meets. The most places a round.
APART, PLACES = 1.2, 512

Square = tuple[slice, slice]


class Places:
    """The peaks of what is left to explain.

    Finding them costs the image once, and then what objects changed: not their product.

    Args:
        error: Image less canvas, changed in place by its owner, who says where.
        contrast: How far the middle of a typical object is from the ground.
        window: Side of a typical window, in pixels.
    """

    def __init__(
        self, error: Float32[np.ndarray, "channel height width"], contrast: float, window: float
    ):
        self._error, self._contrast, self._window = error, contrast, window
        self._left = np.zeros(error.shape[1:], np.float32)
        self._free = np.ones(error.shape[1:], np.float32)
        self._peaks: dict[tuple[int, int], float] = {}
        height, width = error.shape[1:]
        self._whole = slice(0, height), slice(0, width)
        # Where the error changed since places were last asked for, and where only what is free did.
        self._stale: list[Square] = [self._whole]
        self._moved: list[Square] = []

    def next(self) -> list[tuple[int, int]]:
        """Return places (x, y) to look at, the most salient first, that are far apart."""
        self._look_again()
        chosen = np.zeros((0, 2))
        for place in sorted(self._peaks, key=lambda p: (-self._peaks[p], p)):
            if (np.hypot(*(chosen - place).T) > APART * self._window).all():
                chosen = np.concatenate([chosen, [place]])
            if len(chosen) == PLACES:
                break
        return [(int(x), int(y)) for x, y in chosen]

    def changed(self, where: Square) -> None:
        """Say that the error changed in a square."""
        self._stale.append(where)

    def _look_again(self) -> None:
        """Look again where something changed: square by square, or at all if that is less."""
        reach = 2 * math.ceil(TRUNCATE * BLUR * self._window)
        for squares, look in ((self._stale, self._refresh), (self._moved, self._find)):
            areas = [math.prod(s.stop - s.start + reach for s in square) for square in squares]
            if sum(areas) >= self._free.size:
                look(self._whole)
            else:
                for square in squares:
                    look(square)
            squares.clear()

    def _refresh(self, where: Square) -> None:
        """Blur the error of a square anew."""
        from scipy import ndimage

        blur = BLUR * self._window
        reach = math.ceil(TRUNCATE * blur)
        near, inner = self._around(where, 2 * reach), self._around(where, reach)
        smooth = ndimage.gaussian_filter(
            self._error[(slice(None), *near)], (0, blur, blur), truncate=TRUNCATE, mode="constant"
        )
        part = tuple(
            slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, near, strict=True)
        )
        energy = np.square(smooth[(slice(None), *part)] / self._contrast).mean(axis=0)
        self._left[inner] = saturated(energy)
        self._find(inner)

    def inhibit(self, place: tuple[int, int], spread: float, share: float) -> None:
        """Make a place attract less from now on: by this share, and less around it."""
        reach = math.ceil(3.0 * spread)
        x, y = place
        where = self._around((slice(y, y + 1), slice(x, x + 1)), reach)
        rows, columns = (np.arange(s.start, s.stop) for s in where)
        bump = np.exp(-0.5 * ((rows[:, None] - y) ** 2 + (columns - x) ** 2) / spread**2)
        self._free[where] *= (1.0 - share * bump).astype(np.float32)
        self._moved.append(where)

    def _find(self, where: Square) -> None:
        """Find the peaks in a square anew."""
        from scipy import ndimage

        side = 2 * int(PEAKS * self._window) + 1
        inner, near = self._around(where, side), self._around(where, 2 * side)
        rows, columns = inner
        self._peaks = {
            (x, y): value
            for (x, y), value in self._peaks.items()
            if not (rows.start <= y < rows.stop and columns.start <= x < columns.stop)
        }
        there = self._left[near] * self._free[near]
        peak = (there == ndimage.maximum_filter(there, side)) & (there > LEAST)
        for y, x in zip(*np.nonzero(peak), strict=True):
            at = int(x) + near[1].start, int(y) + near[0].start
            if rows.start <= at[1] < rows.stop and columns.start <= at[0] < columns.stop:
                self._peaks[at] = float(there[y, x])

    def _around(self, where: Square, margin: int) -> Square:
        """A square with a margin, as far as the image goes."""
        rows, columns = (
            slice(max(0, s.start - margin), min(side, s.stop + margin))
            for s, side in zip(where, self._free.shape, strict=True)
        )
        return rows, columns
