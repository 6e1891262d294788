"""DAIR: the difference network counts what it was not trained on (paper, section 3.1, Fig. 4)."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL
from airscene.experiments.preset import Preset

DAIR = Preset(
    name="multi-mnist-dair",
    about="The difference network (DAIR) on multi-MNIST: it counts more digits than it was shown.",
    example="--out runs/dair",
    data=FULL.data,
    model=replace(FULL.model, posterior="difference", n_look=384, count_prior="geometric(0.001)"),
    training=replace(
        FULL.training, steps=10_000, price_release=(0.4, 0.8), prefix_release=(0.1, 0.3)
    ),
)

DAIR_013 = replace(
    DAIR,
    name="multi-mnist-dair-013",
    about="The difference network on zero, one and three digits, to be tested on two (Fig. 4).",
    example="--out runs/dair-013",
    data=replace(DAIR.data, counts=(0, 1, 3)),
)
