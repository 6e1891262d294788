"""Images of labels: which object each pixel is of."""

import numpy as np
from jaxtyping import UInt16

from airscene.errors import InputError
from airscene.scene.scene import Scene

_MOST = np.iinfo(np.uint16).max


def label_image(scene: Scene, size: tuple[int, int]) -> UInt16[np.ndarray, "height width"]:
    """Draws the masks of a scene as an image of labels.

    Args:
        scene: the scene.
        size: height and width of the image, in pixels. What lies outside is left out.

    Returns:
        0 for the ground, k for the k-th object. Later objects lie on top.

    Raises:
        InputError: if an object has no mask, or there are more than 65,535 objects.
    """
    if scene.count > _MOST:
        raise InputError(f"{scene.source} has {scene.count} objects; labels count to {_MOST}")
    labels = np.zeros(size, np.uint16)
    for number, thing in enumerate(scene.objects, 1):
        if thing.mask is None:
            raise InputError(f"{scene.source}: object {number} has no mask, so it has no label")
        (x, y), bits = thing.mask.corner, thing.mask.inside(size)
        labels[y : y + bits.shape[0], x : x + bits.shape[1]][bits] = number
    return labels
