"""Other sizes: the fast preset on digits of other sizes, with object_size estimated."""

from dataclasses import replace

from airscene.paper.quick import quick
from airscene.paper.result import Result
from airscene.paper.trained import count_lines, draw_training, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.digits import FAST


def _sized(digit_size: int, image_size: int) -> Preset:
    data = replace(FAST.data, digit_size=digit_size, image_size=image_size)
    # 0: estimated from the images.
    model = replace(FAST.model, object_size=0.0)
    return replace(FAST, name=f"digits-{digit_size}-in-{image_size}", data=data, model=model)


def sizes(quickly: bool = False) -> Result:
    """The fast preset on other sizes."""
    presets = [_sized(14, 50), _sized(9, 50), _sized(36, 80)]
    units = [unit for preset in presets for unit in training_units(preset, [1, 2, 3])]
    if quickly:
        units = training_units(quick(presets[0]), [1])
    return Result(
        name="sizes",
        about="The fast preset on other sizes, object_size estimated from the images.",
        paper="Not in the paper",
        targets="97% of counts in every run",
        units=tuple(units),
        ours=count_lines,
        draw=draw_training,
    )
