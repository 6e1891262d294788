"""DAIR: the difference network counts what it was not trained on (paper, section 3.1, Fig. 4)."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL
from airscene.experiments.preset import Preset
from airscene.experiments.quick import quick
from airscene.experiments.result import Result
from airscene.experiments.trained import count_lines, draw_training, training_units

DAIR = Preset(
    name="multi-mnist-dair",
    about="The difference network (DAIR) on multi-MNIST: it counts more digits than it was shown.",
    example="--out runs/dair",
    data=FULL.data,
    # An object dearer than AIR's, and far dearer for most of the run: of a digit that a window has
    # missed a part of, the part is not to be worth an object: so the window learns to cover it.
    model=replace(FULL.model, posterior="difference", count_prior="geometric(0.01)"),
    training=replace(
        FULL.training,
        steps=8000,
        price=0.03,
        price_release=(0.6, 0.9),
        prefix_release=(0.1, 0.3),
    ),
)

DAIR_013 = replace(
    DAIR,
    name="multi-mnist-dair-013",
    about="The difference network on zero, one and three digits, to be tested on two (Fig. 4).",
    example="--out runs/dair-013",
    data=replace(DAIR.data, counts=(0, 1, 3)),
    # One step more than there are digits shows the network what is left when all are drawn.
    model=replace(DAIR.model, n_steps=4),
    training=replace(DAIR.training, steps=6000),
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
        paper="Free energy -611 on up to 2 digits (Table 1)",
        targets="99% of counts in every run, ELBO 611 nats",
        units=units,
        ours=count_lines,
        draw=draw_training,
    )
