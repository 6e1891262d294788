"""Other sizes: the fast preset on digits of other sizes, with object_size estimated."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FAST
from airscene.experiments.preset import Preset
from airscene.experiments.result import Result, seeds


def _sized(digit_size: int, image_size: int) -> Preset:
    data = replace(FAST.data, digit_size=digit_size, image_size=image_size)
    # 0: estimated from the images.
    model = replace(FAST.model, object_size=0.0)
    return replace(FAST, name=f"digits-{digit_size}-in-{image_size}", data=data, model=model)


SIZES = Result(
    name="sizes",
    about="The fast preset on other sizes, object_size estimated from the images.",
    runs=seeds(_sized(14, 50), 3) + seeds(_sized(9, 50), 3) + seeds(_sized(36, 80), 3),
    targets="97% of counts in every run",
)
