"""Images that can be used, but are hardly what is meant: next to black, or nowhere black."""

import warnings

import numpy as np
from jaxtyping import Float32

from airscene.errors import InputWarning

# Nothing is brighter than 1 of 255, within a rounding: next to black.
_BLACK = 1.01 / 255

# No pixel is darker: the background is far from black.
_OFFSET = 0.1


class Brightness:
    """The darkest and the brightest pixel of images, as they pass."""

    def __init__(self) -> None:
        self._first, self._n = "", 0
        self._darkest, self._brightest = np.inf, 0.0

    def look(self, source: str, image: Float32[np.ndarray, "height width *channel"]) -> None:
        """Look at an image."""
        self._first = self._first or source
        self._n += 1
        self._darkest = min(self._darkest, float(image.min()))
        self._brightest = max(self._brightest, float(image.max()))

    def warn_if_black(self) -> None:
        """Warn if the brightest pixel is next to black: masks of 0 and 1, or too large a type.

        Warns:
            InputWarning: If so. Images that are wholly black are no mistake.
        """
        if not 0.0 < self._brightest <= _BLACK:
            return
        for white in (255, 65535):
            if np.isclose(self._brightest * white, 1.0, rtol=1e-3):
                _warn(
                    f"{self._name}: the largest value is 1, and white is {white}, so that all is "
                    f"next to black; multiply by {white} or save as bool"
                )
                return
        _warn(
            f"{self._name}: the largest value is {self._brightest:.2g} of white, so that all is "
            "next to black; save 0..255 as uint8, not as uint16, or raise the contrast"
        )

    def warn_if_offset(self) -> None:
        """Warn if the darkest pixel is far from black, for models of bright objects on black.

        Warns:
            InputWarning: If so.
        """
        if _OFFSET <= self._darkest < np.inf:
            _warn(
                f"{self._name}: the darkest pixel is {self._darkest:.2g} of white, where objects "
                "should be bright on black; subtract the offset"
            )

    @property
    def _name(self) -> str:
        return self._first if self._n == 1 else f"{self._first} and {self._n - 1} more"


def _warn(line: str) -> None:
    warnings.warn(" ".join(line.splitlines()), InputWarning, stacklevel=3)
