"""DAIR: the difference network counts what it was not trained on (paper, section 3.1, Fig. 4)."""

from airscene.paper.quick import quick
from airscene.paper.result import Result
from airscene.paper.trained import count_lines, draw_training, training_units
from airscene.runs.presets.digits import DAIR


def dair(quickly: bool = False) -> Result:
    """The difference network on the digits that it was trained on."""
    units = training_units(quick(DAIR), [1]) if quickly else training_units(DAIR, [1, 2, 3])
    return Result(
        name="dair",
        about=(
            "The difference network on 0 to 2 digits (appendix D, Fig. 8); on numbers that it has "
            "not seen, see generalisation."
        ),
        paper="Free energy -611 on up to 2 digits (Table 1)",
        targets="99% of counts in every run, ELBO 611 nats",
        units=units,
        ours=count_lines,
        draw=draw_training,
    )
