"""DAIR: the difference network counts what it was not trained on (paper, section 3.1, Fig. 4)."""

from airscene.paper.quick import quick
from airscene.paper.result import Claim, Result
from airscene.paper.trained import draw_training, training_units
from airscene.runs.presets.digits import DAIR

CLAIMS = (
    Claim(
        "DAIR, counts of 0 to 2 digits", "a plot", DAIR.name, "count_accuracy", aim=0.99, worst=True
    ),
    Claim("DAIR, bound", "611 nats", DAIR.name, "elbo", "{:.1f} nats", aim=611.0),
)


def dair(quickly: bool = False) -> Result:
    """The difference network on the digits that it was trained on."""
    units = training_units(quick(DAIR), [1]) if quickly else training_units(DAIR, [1, 2, 3])
    return Result(
        name="dair",
        about=(
            "The difference network on 0 to 2 digits (appendix D, Fig. 8); on numbers that it has "
            "not seen, see generalisation."
        ),
        units=units,
        claims=CLAIMS,
        draw=draw_training,
    )
