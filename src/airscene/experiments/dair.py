"""DAIR: the difference network counts what it was not trained on (paper, section 3.1, Fig. 4)."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL
from airscene.experiments.preset import Preset

DAIR = Preset(
    name="multi-mnist-dair",
    about="The difference network on zero to two digits.",
    example="--out runs/dair",
    data=FULL.data,
    model=replace(FULL.model, posterior="difference"),
    training=replace(FULL.training, steps=6000),
)
