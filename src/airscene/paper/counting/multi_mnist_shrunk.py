"""The multi-MNIST of public implementations: smaller digits, placed regardless of each other."""

from airscene.paper.quick import quick
from airscene.paper.result import Result
from airscene.paper.trained import count_lines, draw_training, training_units
from airscene.runs.presets.digits import SHRUNK


def multi_mnist_shrunk(quickly: bool = False) -> Result:
    """The data of public implementations."""
    units = training_units(quick(SHRUNK), [1]) if quickly else training_units(SHRUNK, [1, 2, 3])
    return Result(
        name="multi-mnist-shrunk",
        about="The data of public implementations: smaller digits that may overlap.",
        paper="Not in the paper; 98.4% of counts is the best known",
        targets="98.8% of counts and an ELBO of 632 nats",
        units=units,
        ours=count_lines,
        draw=draw_training,
    )
