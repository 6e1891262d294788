"""What fits the ground of images, as a configuration says."""

import numpy as np
from jaxtyping import Float32

from airscene.model.background import FITTED, FittedBackground
from airscene.model.background.region import Region
from airscene.model.background.set import Set
from airscene.model.patch.config import WHOLE, PatchConfig


def background_of(
    config: PatchConfig, templates: Float32[np.ndarray, "k channel _ _"] | None = None
) -> FittedBackground:
    """Return what fits the ground of images, in the region of interest.

    Args:
        config: What the model is made of.
        templates: Of "set", the pictures of the ground in that region; black if not given, as
            weights are read into them.
    """
    if config.background == "set":
        shape = config.template_shape
        inner = Set(np.zeros(shape, np.float32) if templates is None else templates)
    else:
        inner = FITTED[config.background]()
    return inner if config.region == WHOLE else Region(inner, config.region)
