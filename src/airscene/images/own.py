"""Images of one's own, of any size: which are trained on, and what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from airscene.errors import InputError, check_whole
from airscene.images.given import EXAMPLE_NAME, items_of
from airscene.images.load import GreyOrColour, Paths, each_image

# The most numbers of images that are kept in memory: half a gigabyte of them.
MOST_VALUES = 250_000_000

# Every tenth image is held out: it is in the pictures of a run, and nothing is learnt of it.
HELD_OUT = 10


@dataclass(frozen=True)
class OwnConfig:
    """Images of one's own.

    Args:
        images: Files, folders or patterns; "example" is 42 photographs of dice that come with the
            package.
        example: The same as --images example.
        n_images: The most images that are read to train on, evenly chosen.
    """

    images: tuple[str, ...] = ()
    example: bool = False
    n_images: int = 400

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        check_whole("n_images", self.n_images, 2)
        if self.example and self.images:
            raise InputError("--example and --images are both given; give one of them")

    def load(self, images: Paths | None = None) -> "OwnImages":
        """Read the images.

        Args:
            images: Images in place of those that `images` names.

        Raises:
            InputError: If there are fewer than two, or they are all alike.
        """
        given = ((EXAMPLE_NAME,) if self.example else self.images) if images is None else images
        if isinstance(given, tuple) and not given:
            raise InputError(
                "no images given: name files, a folder or a pattern with --images, or give "
                "--example"
            )
        items = [item for _, item in items_of(given)]
        damaged: list[tuple[str, str]] | None = [] if len(items) > 1 else None
        n_images, named = self.n_images, []
        for name, image in each_image(evenly(items, n_images), damaged=damaged):
            # In half the memory: what it rounds off is less than half of one in 1024.
            named.append((name, image.astype(np.float16)))
            if len(named) == 1:
                n_images = max(2, min(n_images, MOST_VALUES // image.size))
            if len(named) >= 2 * n_images:
                # There are more than there is room for, or one file holds them all.
                named = named[::2]
        return OwnImages(evenly(named, n_images), tuple(damaged or ())).checked()


@dataclass(frozen=True)
class OwnImages:
    """Images of one's own.

    Args:
        named: Where each came from, and the image, of floats of any precision.
        damaged: Files that could not be read, each with the reason.
    """

    named: list[tuple[str, np.ndarray]]
    damaged: tuple[tuple[str, str], ...] = ()

    def checked(self) -> "OwnImages":
        """Return them if they can be trained on.

        Raises:
            InputError: If there are fewer than two, or all are equal.
        """
        n = len(self.named)
        if n < 2:
            raise InputError(
                "there is 1 image to train on; there should be at least 2, as one is held out, and "
                "better dozens"
            )
        first = self.named[0][1]
        if all(x.shape == first.shape and (x == first).all() for _, x in self.named[1:]):
            raise InputError(
                f"all {n} images are alike, so nothing tells objects from the ground; give images "
                "that differ"
            )
        return self

    @property
    def channels(self) -> int:
        """1 if all images are grey, also those that are stored in colour; else 3."""
        return 3 if any(_is_coloured(image) for _, image in self.named) else 1

    def __getitem__(self, k: int) -> tuple[str, GreyOrColour]:
        """Where an image came from, and the image."""
        name, image = self.named[k]
        return name, image.astype(np.float32)

    def split(self) -> tuple[list[int], list[int]]:
        """Return which images are trained on, and which are held out: every tenth, or the last."""
        n = len(self.named)
        held_out = [k for k in range(n) if k % HELD_OUT == HELD_OUT - 1] or [n - 1]
        return [k for k in range(n) if k not in set(held_out)], held_out


def evenly(things: Sequence, most: int) -> list:
    """Return at most so many of some things, evenly chosen."""
    n = len(things)
    if n <= most:
        return list(things)
    return [things[int(k)] for k in (np.arange(most) + 0.5) * n / most]


def _is_coloured(image: np.ndarray) -> bool:
    return image.ndim == 3 and bool((abs(image - image[..., :1]) > 2.5 / 255).any())
