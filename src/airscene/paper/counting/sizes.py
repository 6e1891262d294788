"""Other sizes: the fast preset on digits of other sizes, with object_size estimated."""

from dataclasses import replace

from airscene.paper.quick import quick
from airscene.paper.result import Claim, Result
from airscene.paper.trained import draw_training, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.digits import FAST

# Of the digits and of the images, in pixels.
SIZES = ((14, 50), (9, 50), (36, 80))


def _sized(digit_size: int, image_size: int) -> Preset:
    data = replace(FAST.data, digit_size=digit_size, image_size=image_size)
    # 0: estimated from the images.
    model = replace(FAST.model, object_size=0.0)
    return replace(FAST, name=f"digits-{digit_size}-in-{image_size}", data=data, model=model)


CLAIMS = tuple(
    Claim(
        f"digits of {digit} pixels in {image}, counts",
        "not in the paper",
        f"digits-{digit}-in-{image}",
        "count_accuracy",
        aim=0.97,
        worst=True,
    )
    for digit, image in SIZES
)


def sizes(quickly: bool = False) -> Result:
    """The fast preset on other sizes."""
    presets = [_sized(digit, image) for digit, image in SIZES]
    units = [unit for preset in presets for unit in training_units(preset, [1, 2, 3])]
    if quickly:
        units = training_units(quick(presets[0]), [1])
    return Result(
        name="sizes",
        about="The fast preset on other sizes, object_size estimated from the images.",
        units=tuple(units),
        claims=CLAIMS,
        draw=draw_training,
    )
