"""Images of one's own."""

import warnings

import numpy as np

from airscene.errors import InputError, InputWarning
from airscene.images.load import Paths, image_set
from airscene.images.sets.data_set import Split
from airscene.images.truth import LabelledScenes, uncounted

# Fewer images of one's own than this are hardly enough.
FEW = 1000


def own_images(split: Split, *, images: Paths) -> LabelledScenes:
    """Return images of one's own, every tenth held out, or the last if there are fewer than ten.

    Args:
        split: Those to train on, or those held out.
        images: The images, or files, folders and patterns.

    Raises:
        InputError: If there are fewer than two.
    """
    if isinstance(images, tuple) and not images:
        raise InputError("no images given: name files, a folder or a pattern with --images")
    read = image_set(images)
    n = len(read)
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
    chosen = read[held_out if split == "test" else ~held_out]
    return uncounted(chosen, f"{n} images of your own")
