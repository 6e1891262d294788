"""A background that is the same in many images: a bench, a tray, a vignette."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from airscene.images.resample import resample
from airscene.model.background.fitted import FittedBackground, Planes, Values
from airscene.model.background.smooth import Smooth

# Two pixels are alike within this, in units of white. Two images are, if this share of their pixels
# is, when they are reduced to a square of that side.
LIKE, SHARE, SIDE = 0.06, 0.8, 32

# A ground is one that this many images have at least; grounds are told apart in this share of the
# images at least, or they are no grounds of the set.
FEWEST, MOST_OF = 5, 0.7

# Images that are compared: each with each.
MOST = 120

# The ground is searched for within this many pixels of where it usually is, and it may be off by
# so many more without showing.
FARTHEST, TOLERANCE = 8, 1

# About how many pixels a side tell where a ground is.
TOLD = 96

# A ground has something in it that is no smooth field, if so many of its pixels differ from one.
FIXED = 0.004


class Set(FittedBackground):
    """One of a few pictures of the ground, shifted a little, and made brighter or darker.

    What an image has between the darkest and the brightest that the ground has within a pixel is
    taken for ground: so an edge that is not quite where it was leaves nothing.

    Args:
        templates: The pictures of the ground; an image of another shape is fitted to by stretching
            them.
    """

    templates: Float32[np.ndarray, "k channel height width"]

    def fit(self, image: Planes) -> Values:
        """Return which picture it is, its shift in pixels (x, y), and what is added to it."""
        best: tuple[float, list[float]] | None = None
        for which in range(len(self.templates)):
            template = self._stretched(which, image.shape[1:])
            left, dx, dy = _aligned(image, template)
            moved = _shifted(template, dx, dy)
            added = np.median(image - moved, axis=(1, 2))
            if best is None or left < best[0]:
                best = left, [which, dx, dy, *added]
        assert best is not None
        return np.array(best[1])

    def draw(
        self, values: Values, size: tuple[int, int]
    ) -> Float32[np.ndarray, "channel height width"]:
        """Return the ground."""
        which, dx, dy = (int(value) for value in values[:3])
        moved = _shifted(self._stretched(which, size), dx, dy)
        return (moved + values[3:, None, None]).astype(np.float32)

    def less(self, image: Planes, values: Values) -> Float32[np.ndarray, "channel height width"]:
        """Return what lies outside what the ground is near each pixel."""
        low, high = _bounds(self.draw(values, image.shape[1:]))
        return (image - np.clip(image, low, high)).astype(np.float32)

    def _stretched(self, which: int, size: tuple[int, int]) -> np.ndarray:
        template = np.asarray(self.templates[which])
        return template if template.shape[1:] == size else resample(template, size)


class Grounds(NamedTuple):
    """What the images of a set have in common.

    Args:
        templates: Pictures of the ground, none if the images have none in common.
        share: The share of the images that have one of them.
        are_fixed: Whether there is more in them than a smooth field.
    """

    templates: Float32[np.ndarray, "k channel height width"]
    share: float
    are_fixed: bool

    @property
    def are_of_the_set(self) -> bool:
        """Whether these are grounds of the set, and more than what a smooth field says."""
        return self.are_fixed and self.share >= MOST_OF


def grounds_of(images: Sequence[np.ndarray]) -> Grounds:
    """Look for what images of one size have in common.

    Images are put together that are alike in most of their pixels, and the median of each group is
    a ground: objects are elsewhere in every image.

    Args:
        images: Scaled images.
    """
    images = [images[int(k)] for k in np.unique(np.linspace(0, len(images) - 1, MOST).round())]
    channels = len(images[0])
    none = Grounds(np.zeros((0, channels, 1, 1), np.float32), 0.0, False)
    if len({image.shape for image in images}) > 1 or len(images) < FEWEST:
        return none
    small = np.stack([resample(image, (SIDE, SIDE)) for image in images])
    left, groups = list(range(len(images))), []
    while left:
        like = np.stack([_alike(small[left], small[k]) for k in left]) > SHARE
        chosen = like[like.sum(axis=1).argmax()]
        group = [k for k, there in zip(left, chosen, strict=True) if there]
        if len(group) < FEWEST:
            break
        groups.append(group)
        left = [k for k in left if k not in set(group)]
    if not groups:
        return none
    templates = np.stack([_median([images[k] for k in group]) for group in groups])
    smooth = Smooth()
    fixed = [_differs(smooth.less(one, smooth.fit(one)), 2 * LIKE) > FIXED for one in templates]
    share = sum(map(len, groups)) / len(images)
    return Grounds(templates.astype(np.float32), share, any(fixed))


def _median(images: Sequence[Planes]) -> np.ndarray:
    """The median of images, of one brightness and aligned."""
    stacked = np.stack(images)
    template = np.median(stacked, axis=0)
    for _ in range(2):
        moved = []
        for image in stacked:
            _, dx, dy = _aligned(image, template)
            back = _shifted(image, -dx, -dy)
            moved.append(back - np.median(back - template, axis=(1, 2), keepdims=True))
        template = np.median(np.stack(moved), axis=0)
    return template


def _alike(images: np.ndarray, image: np.ndarray) -> Float[np.ndarray, " n"]:
    """The share of pixels in which images are as another, but for their brightness."""
    apart = images - image
    apart = apart - np.median(apart, axis=(2, 3), keepdims=True)
    return (np.sqrt(np.square(apart).mean(axis=1)) < LIKE).mean(axis=(1, 2))


def _aligned(image: np.ndarray, template: np.ndarray) -> tuple[float, int, int]:
    """What a template leaves of an image at its best shift, and that shift: downhill from none."""
    # Of large images, every few pixels tell enough.
    every = max(1, max(image.shape[1:]) // TOLD)
    few = image[:, ::every, ::every]
    added = np.median(few - template[:, ::every, ::every], axis=(1, 2), keepdims=True)

    def left(dx: int, dy: int) -> float:
        out = few - added - _shifted(template, dx, dy, every)
        return float(np.minimum(np.square(out).mean(axis=0), LIKE**2).mean())

    known = {(0, 0): left(0, 0)}
    at, step = (0, 0), 2
    while step:
        near = [(at[0] + a * step, at[1] + b * step) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        for place in near:
            if place not in known and max(map(abs, place)) <= FARTHEST:
                known[place] = left(*place)
        best = min((place for place in near if place in known), key=lambda place: known[place])
        at, step = (best, step) if best != at else (at, step // 2)
    return known[at], *at


def _shifted(image: np.ndarray, dx: int, dy: int, every: int = 1) -> np.ndarray:
    """Every few pixels of an image moved to the right and down; what comes in repeats the edge."""
    rows = np.clip(np.arange(0, image.shape[1], every) - dy, 0, image.shape[1] - 1)
    columns = np.clip(np.arange(0, image.shape[2], every) - dx, 0, image.shape[2] - 1)
    return image[:, rows][:, :, columns]


def _bounds(ground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The darkest and the brightest of a ground near each pixel."""
    from scipy import ndimage

    size = (1, 2 * TOLERANCE + 1, 2 * TOLERANCE + 1)
    return ndimage.minimum_filter(ground, size), ndimage.maximum_filter(ground, size)


def _differs(image: np.ndarray, by: float) -> float:
    return float((np.sqrt(np.square(image).mean(axis=0)) > by).mean())
