"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from dataclasses import replace

from airscene.paper.result import Result, described
from airscene.paper.trained import draw_training, scaled, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FAST, FULL, SHRUNK


def multi_mnist(quickly: bool = False) -> Result:
    """Counting, locating and redrawing digits (Fig. 3)."""
    fast, full = scaled(quickly, range(1, 21), FAST), scaled(quickly, range(1, 6), FULL)
    return described("multi-mnist", training_units(*fast) + training_units(*full), draw_training)


def _sized(digit: int, image: int) -> Preset:
    """The fast preset on digits and images of other sizes, in pixels."""
    data = replace(FAST.data, digit_size=digit, image_size=image)
    # Without an order that is given at first, some seeds count small digits less well. An object
    # size of 0 is estimated from the images.
    model = replace(FAST.model, object_size=0.0, preference_slope=2.0)
    training = replace(FAST.training, warmup=100)
    name = f"digits-{digit}-in-{image}"
    return replace(FAST, name=name, data=data, model=model, training=training, number=1)


_SIZED = [_sized(digit, image) for digit, image in ((14, 50), (9, 50), (36, 80))]


def sizes(quickly: bool = False) -> Result:
    """The fast preset on other sizes, with object_size estimated."""
    presets = _SIZED[:1] if quickly else _SIZED
    return described("sizes", training_units(*scaled(quickly, (1, 2, 3), *presets)), draw_training)


def multi_mnist_shrunk(quickly: bool = False) -> Result:
    """The data of public implementations: smaller digits, placed regardless of each other."""
    units = training_units(*scaled(quickly, (1, 2, 3), SHRUNK))
    return described("multi-mnist-shrunk", units, draw_training)


def dair(quickly: bool = False) -> Result:
    """The difference network on the digits that it was trained on (Fig. 4)."""
    return described("dair", training_units(*scaled(quickly, (1, 2, 3), DAIR)), draw_training)
