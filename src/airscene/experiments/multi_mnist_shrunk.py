"""The multi-MNIST of public implementations: smaller digits, placed regardless of each other."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.quick import quick
from airscene.experiments.result import Result
from airscene.experiments.trained import count_lines, draw_training, training_units

SHRUNK = Preset(
    name="multi-mnist-shrunk",
    about="Digits resized by 1 / N(1.3, 0.1) that may overlap, as in public implementations.",
    example="--out runs/shrunk",
    data=DataConfig(kind="multi-mnist-shrunk"),
    # Digits that touch or overlap are told apart by a larger network and a tighter size.
    model=replace(FULL.model, object_size=0.3, scale_spread=0.06, n_hidden=256, n_look=256),
    training=FULL.training,
)


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
