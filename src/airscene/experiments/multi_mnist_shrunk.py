"""The multi-MNIST of public implementations: smaller digits, placed regardless of each other."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.result import Result, seeds

SHRUNK = Preset(
    name="multi-mnist-shrunk",
    about="Digits resized by 1 / N(1.3, 0.1) that may overlap, as in public implementations.",
    example="--out runs/shrunk",
    data=DataConfig(kind="multi-mnist-shrunk"),
    # Digits that touch or overlap are told apart by a larger network and a tighter size.
    model=replace(FULL.model, object_size=0.3, scale_spread=0.06, n_hidden=256, n_look=256),
    training=FULL.training,
)

MULTI_MNIST_SHRUNK = Result(
    name="multi-mnist-shrunk",
    about="The data of public implementations.",
    runs=seeds(SHRUNK, 3),
    targets="98.8% of counts and an ELBO of 632 nats",
)
