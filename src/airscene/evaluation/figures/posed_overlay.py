"""The picture of what was inferred in 3-D: the image, and the scene drawn beside it."""

import math

import numpy as np

from airscene.evaluation.figures.image_rows import panel_zoom
from airscene.evaluation.figures.picture import (
    Picture,
    Pixels,
    captioned,
    enlarge,
    png,
    strip_uri,
    tile,
)
from airscene.scene import PosedScene

# How much larger than a panel of a grid each of the two is.
_LARGER = 3


def posed_overlay(image: Pixels, drawn: Pixels, scene: PosedScene) -> Picture:
    """An image, at its right the render of what was found in it, and below what that is.

    Args:
        image: the image as the model takes it, in [0, 1].
        drawn: the render, of the same size.
        scene: what was found.

    Returns:
        The picture.
    """
    zoom = _LARGER * panel_zoom(image[None])
    panels = np.stack([enlarge(one, zoom) for one in (image, drawn)])
    said = [thing.type for thing in scene.objects] or ["nothing"]
    said += [f"camera at {math.degrees(angle):.0f} degrees" for angle in scene.camera]
    shown = {
        "figure": "posed_overlay",
        "source": scene.source,
        "types": [thing.type for thing in scene.objects],
        "positions": [list(thing.position) for thing in scene.objects],
        "rotations": [thing.rotation for thing in scene.objects],
        "camera": list(scene.camera),
        "images": strip_uri(np.stack([image, drawn])),
    }
    return Picture(png(captioned(tile(panels[None]), ", ".join(said))), shown)
