"""How unlike the images of training an image is: the distance of a few numbers, and the reason."""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.scene.unlike import Unlike

# Share of images of training with a score above 1, of those that do not tell what is typical.
FLAGGED = 0.01

# As many images at least tell what is typical, and as many where the score is 1.
LEAST_IMAGES = 100

# Added to the variances, in squares of the spread, so that no direction counts for all.
RIDGE = 0.15

# From so many spreads on, a number deviates. If so large a share of them does, nothing is typical.
CLEAR, ALL = 4.0, 0.6

LIKE, NOTHING_LIKE = "like the images of training", "nothing is like the images of training"


class Number(NamedTuple):
    """A number that is measured of an image.

    Args:
        floor: The least spread that it is taken to have: what it may vary by, and nobody sees it.
        more: What is said where it is larger than is typical; may hold `{ratio}`.
        less: What is said where it is smaller.
        rank: Of the numbers that deviate, those of the lowest rank are the reason: the others may
            follow from them.
        clear: From so many spreads on, it deviates.
    """

    floor: float
    more: str
    less: str
    rank: int = 2
    clear: float = CLEAR


_POOR = "objects are redrawn worse", "objects are redrawn better"
_LARGER, _SMALLER = "objects are {ratio:.1f} times larger", "objects are {ratio:.1f} times smaller"
_LOOK = "objects look unusual", "objects look too plain"
_BRIGHT = "objects are larger or brighter", "objects are smaller or fainter"

# Each reason goes on: "than in training".
_NUMBERS = {
    "ground": Number(0.005, "the ground is brighter", "the ground is darker", 0),
    "noise": Number(0.002, "there is more noise", "there is less noise", 0),
    "smallest": Number(0.05, _LARGER, _SMALLER, 1),
    "largest": Number(0.05, _LARGER, _SMALLER, 1),
    "count": Number(1.0, "there are more objects", "there are fewer objects", 1, clear=1.5),
    "texture": Number(0.03, "details are finer", "details are coarser"),
    "all ink": Number(0.05, "there is more, all in all,", "there is less, all in all,"),
    "peak": Number(0.05, *_BRIGHT),
    "bright": Number(0.03, "objects are brighter or thicker", "objects are fainter or thinner"),
    "stroke": Number(0.03, "objects are brighter or thicker", "objects are fainter or thinner"),
    "residual": Number(0.05, *_POOR),
    "patch": Number(0.05, *_POOR),
    "missing": Number(0.05, "more is left that no object explains", "less is left unexplained"),
    "excess": Number(0.05, "objects cover more that is not there", "objects cover less"),
    "kl": Number(0.5, *_LOOK),
    "largest kl": Number(0.5, *_LOOK),
    "smallest window": Number(0.1, "windows are larger", "windows are smaller"),
    "largest window": Number(0.1, "windows are larger", "windows are smaller"),
    "ink": Number(0.05, *_BRIGHT),
    "unseen ink": Number(0.01, "more is there that is counted as nothing", "less is there"),
    "entropy": Number(0.5, "the count is less certain", "the count is more certain"),
    "object size": Number(0.08, _LARGER, _SMALLER, 1, clear=3.0),
    "contrast": Number(0.1, "objects stand out more", "objects stand out less", 1),
    "gain": Number(0.1, "objects explain more", "objects explain less"),
}

# Those of models of patches alone.
_OF_PATCHES = ("object size", "contrast", "gain")

NUMBERS = tuple(name for name in _NUMBERS if name not in _OF_PATCHES)
"""The names of the numbers of AIR, in their order. `airscene.inference.measures` measures them."""


@dataclass(frozen=True)
class Typical:
    """What is typical of the images of training: the numbers of an image, and their distance.

        z_i = (x_i - middle_i) / spread_i        score = sqrt(z' precision z) / threshold

    The spread is that above the middle or that below it. A number that an image does not have is
    taken to be in the middle.

    Args:
        numbers: Names of the numbers, of `NUMBERS`.
        middle: The median of each.
        above: Its spread above the middle: of its 84th, 97.5th and 99.7th percentile the distance
            to the middle over 1, 2 or 3, whichever is most, and at least `Number.floor`.
        below: Its spread below the middle, in the same way.
        precision: The inverse of the covariance of z, about 0.
        threshold: The distance with score 1: beyond it are `FLAGGED` of other images of training.
    """

    numbers: tuple[str, ...]
    middle: tuple[float, ...]
    above: tuple[float, ...]
    below: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    threshold: float

    def scores(self, found: Float[np.ndarray, "n numbers"]) -> Float[np.ndarray, " n"]:
        """Return how unlike images are, in units of what images of training seldom exceed."""
        return self._distances(self._deviations(found)) / self.threshold

    def judge(self, found: Float[np.ndarray, "n numbers"]) -> list[Unlike]:
        """Say how unlike the images of training images are, and why.

        Args:
            found: The numbers of each image, in the order of `numbers`; NaN for those that it does
                not have.
        """
        deviations = self._deviations(found)
        scores = (self._distances(deviations) / self.threshold).tolist()
        like = [Unlike(score, False, LIKE) for score in scores]
        for i in (i for i, score in enumerate(scores) if score > 1.0):
            like[i] = Unlike(scores[i], True, self._reason(found[i], deviations[i]))
        return like

    def with_threshold(self, threshold: float) -> "Typical":
        """Return the same, with another distance of score 1."""
        return replace(self, threshold=max(threshold, 1e-6))

    def to_json(self) -> str:
        """Return it as weights hold it, with six digits of each number."""
        return json.dumps(_rounded(asdict(self)))

    @classmethod
    def from_json(cls, text: str) -> "Typical":
        """Read what `to_json` wrote.

        Raises:
            InputError: If it is something else, or of numbers that are not known.
        """
        try:
            said = json.loads(text)
            n, plain = len(said["numbers"]), ("middle", "above", "below")
            rows = tuple(tuple(map(float, row)) for row in said["precision"])
            typical = cls(
                tuple(said["numbers"]),
                *(tuple(map(float, said[name])) for name in plain),
                precision=rows,
                threshold=float(said["threshold"]),
            )
            lengths = {len(getattr(typical, name)) for name in plain} | set(map(len, rows))
            every = np.concatenate([typical.middle, *rows, [typical.threshold]])
            positive = min(*typical.above, *typical.below, typical.threshold) > 0
            right = lengths == {n} and len(rows) == n and np.isfinite(every).all() and positive
            if right and set(typical.numbers) <= set(_NUMBERS):
                return typical
        except (KeyError, TypeError, ValueError):
            pass
        raise InputError(
            f"what it says of unlike images is {text[:60]}..., of which this version of airscene "
            "makes nothing; write it anew: python -m airscene.runs.calibrate"
        )

    def _deviations(self, found: Float[np.ndarray, "n numbers"]) -> Float[np.ndarray, "n numbers"]:
        middle, above, below, _ = self._arrays
        off = np.asarray(found, float) - middle
        return np.nan_to_num(np.where(off > 0, off / above, off / below), posinf=0.0)

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        parts = (self.middle, self.above, self.below, self.precision)
        return tuple(np.array(part) for part in parts)

    def _distances(self, z: Float[np.ndarray, "n numbers"]) -> Float[np.ndarray, " n"]:
        *_, precision = self._arrays
        return np.sqrt(np.maximum((z @ precision * z).sum(axis=1), 0.0))

    def _reason(
        self, found: Float[np.ndarray, " numbers"], z: Float[np.ndarray, " numbers"]
    ) -> str:
        kinds, far = [_NUMBERS[name] for name in self.numbers], np.abs(z)
        if (far[np.isfinite(found)] >= CLEAR).mean() >= ALL:
            return NOTHING_LIKE
        clear = far >= [kind.clear for kind in kinds]
        ranks = np.where(clear, [kind.rank for kind in kinds], len(kinds))
        best = int(np.where(ranks == ranks.min(), far, -1.0).argmax())
        # Of sizes, the number is the logarithm.
        ratio = math.exp(min(abs(found[best] - self.middle[best]), 99.0))
        said = kinds[best].more if z[best] > 0 else kinds[best].less
        return f"{said.format(ratio=ratio)} than in training"


def typical_of(
    found: Float[np.ndarray, "n numbers"],
    others: Float[np.ndarray, "m numbers"],
    names: tuple[str, ...] = NUMBERS,
    least_images: int = LEAST_IMAGES,
    ridge: float = RIDGE,
) -> Typical:
    """Find out what is typical of the images of training.

    Args:
        found: The numbers of some; NaN for those that it does not have.
        others: The same of others, which tell where the score is 1.
        names: What the numbers are.
        least_images: As many images at least are enough.
        ridge: Added to the variances; the more, the fewer the images.

    Raises:
        InputError: If there are too few images to tell.
    """
    least = min(len(found), len(others))
    if least < least_images:
        raise InputError(f"{least} images are too few to say what is typical; give {least_images}")
    found = np.asarray(found, float)
    # A number that no image has is in the middle at 0.
    known = np.where(np.isnan(found).all(axis=0), 0.0, found)
    middle = np.nanmedian(known, axis=0)
    parts = np.nanpercentile(known, [0.3, 2.5, 16.0, 84.0, 97.5, 99.7], axis=0) - middle
    floors = np.array([number.floor for number in (_NUMBERS[name] for name in names)])
    above = np.maximum((parts[3:] / [[1.0], [2.0], [3.0]]).max(axis=0), floors)
    below = np.maximum((-parts[:3] / [[3.0], [2.0], [1.0]]).max(axis=0), floors)
    plain = (tuple(values.tolist()) for values in (middle, above, below))
    n = len(names)
    whole = Typical(names, *plain, precision=tuple(map(tuple, np.eye(n).tolist())), threshold=1.0)
    z = whole._deviations(found)
    precision = np.linalg.inv(z.T @ z / len(z) + ridge * np.eye(n))
    whole = replace(whole, precision=tuple(map(tuple, precision.tolist())))
    return whole.with_threshold(float(np.quantile(whole.scores(others), 1.0 - FLAGGED)))


def _rounded(value):
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
