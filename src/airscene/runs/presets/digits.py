"""Presets of handwritten digits: multi-MNIST, its variant, and the difference network on both."""

from dataclasses import replace

from airscene.images.config import DataConfig
from airscene.model.config import AIRConfig
from airscene.runs.preset import Preset
from airscene.training.config import TrainConfig

FAST = Preset(
    name="multi-mnist-fast",
    about="Multi-MNIST in under a minute: what `make demo` runs. Expect 98% of counts or more.",
    example="--digits bundled --seed 2 --out runs/second",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(sigma=0.0),
    training=TrainConfig(),
)

FULL = Preset(
    name="multi-mnist",
    about="Multi-MNIST in full, the bundled weights. Expect 99.6% of counts or more.",
    example="--out runs/mnist",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(count_prior="geometric(0.1)", n_cells=20, n_features=192, n_layer=384),
    # What the looser prior lowers the price of an object by, the annealing adds: 2.3 nats.
    training=TrainConfig(
        steps=10_000,
        learning_rate=3e-3,
        count_penalty=0.0155,
        count_penalty_release=(0.4, 0.8),
        prefix_release=(0.1, 0.2),
    ),
)

SHRUNK = Preset(
    name="multi-mnist-shrunk",
    about="Digits resized by 1 / N(1.3, 0.1) that may overlap, as in public implementations.",
    example="--out runs/shrunk",
    data=DataConfig(kind="multi-mnist-shrunk"),
    # Digits that touch or overlap are told apart by a larger network and a tighter size.
    model=replace(FULL.model, object_size=0.3, scale_spread=0.06, n_hidden=256, n_features=256),
    training=FULL.training,
)

DAIR = Preset(
    name="multi-mnist-dair",
    about="The difference network (DAIR) on multi-MNIST: it counts more digits than it was shown.",
    example="--out runs/dair",
    data=FULL.data,
    # An object dearer than AIR's, and far dearer for most of the run: of a digit that a window has
    # missed a part of, the part is not to be worth an object: so the window learns to cover it.
    model=replace(FULL.model, where_proposal="difference", count_prior="geometric(0.01)"),
    training=replace(
        FULL.training,
        steps=8000,
        count_penalty=0.03,
        count_penalty_release=(0.6, 0.9),
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

AIR_013 = replace(
    FULL,
    name="multi-mnist-013",
    about="Multi-MNIST of 0, 1 or 3 digits, to test on 2: interpolation (Fig. 4).",
    example="--out runs/interpolation",
    data=replace(FULL.data, counts=(0, 1, 3)),
)
