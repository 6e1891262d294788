"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from airscene.paper.quick import quick
from airscene.paper.result import Claim, Result
from airscene.paper.trained import draw_training, training_units
from airscene.runs.presets.digits import FAST, FULL

_FAST, _FULL = FAST.name, FULL.name

CLAIMS = (
    Claim("fast preset, counts", "a plot", _FAST, "count_accuracy", aim=0.98, worst=True),
    Claim(
        "fast preset, seconds to 98% of counts",
        "not in the paper",
        _FAST,
        "seconds_to_98",
        "{:.0f} s",
        aim=35.0,
        at_least=False,
    ),
    Claim("full preset, counts", "near 100%", _FULL, "count_accuracy", aim=0.996, front=True),
    Claim("full preset, bound", "620 nats", _FULL, "elbo", "{:.1f} nats", aim=620.0, front=True),
    Claim(
        "full preset, average precision of boxes",
        "not in the paper",
        _FULL,
        "average_precision",
        "{:.3f}",
        aim=0.97,
    ),
)


def multi_mnist(quickly: bool = False) -> Result:
    """Counting, locating and redrawing digits (Fig. 3)."""
    units = training_units(FAST, range(1, 21)) + training_units(FULL, range(1, 6))
    if quickly:
        units = training_units(quick(FAST), [1]) + training_units(quick(FULL), [1])
    return Result(
        name="multi-mnist",
        about="Counting, locating and redrawing digits (Fig. 3): the fast preset and the full one.",
        units=units,
        claims=CLAIMS,
        draw=draw_training,
    )
