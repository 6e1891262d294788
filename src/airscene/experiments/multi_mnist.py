"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.result import Result, seeds
from airscene.model.config import AIRConfig
from airscene.training.config import TrainConfig

FAST = Preset(
    name="multi-mnist-fast",
    about="Multi-MNIST in under a minute: what `make demo` runs. Expect 98% of counts or more.",
    example="--digits bundled --seed 2 --out runs/second",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(n_hidden=128, n_cells=16, n_layer=256),
    training=TrainConfig(),
)

FULL = Preset(
    name="multi-mnist",
    about="Multi-MNIST in full, the bundled weights. Expect 99.6% of counts or more.",
    example="--out runs/mnist",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(),
    training=TrainConfig(steps=8000),
)

MULTI_MNIST = Result(
    name="multi-mnist",
    about="Counting, locating and redrawing digits (Fig. 3): the fast preset and the full one.",
    runs=seeds(FAST, 20) + seeds(FULL, 5),
    targets=(
        "fast: 98% of counts in every run, in a median of at most 35 s; full: a median of 99.6% "
        "of counts, average precision 0.97, ELBO and log p(x) 612 nats"
    ),
)
