"""What fits the ground of images, as a configuration says."""

import numpy as np
from jaxtyping import Float32

from airscene.model.background import FITTED, FROM_PICTURES, FittedBackground
from airscene.model.background.region import Region
from airscene.model.patch.config import WHOLE, PatchConfig


def background_of(
    config: PatchConfig, pictures: Float32[np.ndarray, "k channel _ _"] | None = None
) -> FittedBackground:
    """Return what fits the ground of images, in the region of interest.

    Args:
        config: What the model is made of.
        pictures: Of "set" and "learnt", those that tell the ground in that region; black if not
            given, as weights are read into them.
    """
    if told := FROM_PICTURES.get(config.background):
        inner = told(np.zeros(config.template_shape, np.float32) if pictures is None else pictures)
    else:
        inner = FITTED[config.background]()
    return inner if config.region == WHOLE else Region(inner, config.region)
