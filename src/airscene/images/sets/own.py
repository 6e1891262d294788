"""Images of one's own."""

import warnings

import numpy as np

from airscene.errors import InputError, InputWarning
from airscene.images.load import Paths, image_set
from airscene.images.sets.data_set import Split
from airscene.images.truth import LabelledScenes, uncounted

# Fewer images of one's own than this are hardly enough.
FEW = 1000


def own_images(given: Paths, split: Split) -> LabelledScenes:
    """Return images of one's own, every tenth held out, or the last if there are fewer than ten.

    Args:
        given: The images, or files, folders and patterns.
        split: Those to train on, or those held out.

    Raises:
        InputError: If there are fewer than two.
    """
    if isinstance(given, tuple) and not given:
        raise InputError("no images given: name files, a folder or a pattern with --images")
    images = image_set(given)
    n = len(images)
    if n < 2:
        raise InputError(
            "there is 1 image to train on; there should be at least 2, as one is held out, and "
            "better thousands"
        )
    if n < FEW and split == "train":
        line = f"there are {n} images to train on; there should be thousands for a good model"
        warnings.warn(line, InputWarning, stacklevel=2)
    held_out = np.arange(n) % 10 == 9
    held_out[-1] |= n < 10
    chosen = images[held_out if split == "test" else ~held_out]
    return uncounted(chosen, f"{n} images of your own")


def own_images_set(split: Split, *, images: tuple[str, ...]) -> LabelledScenes:
    """Return the images of a split; the options are those of `DataConfig`."""
    return own_images(images, split)
