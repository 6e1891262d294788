"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from airscene.experiments.preset import DataConfig, Preset
from airscene.model.air import AIRConfig
from airscene.training.state import TrainConfig

FAST = Preset(
    name="multi-mnist-fast",
    about="Multi-MNIST in under a minute: what `make demo` runs. Expect 98% of counts or more.",
    minutes=1,
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(n_hidden=128),
    training=TrainConfig(),
)

FULL = Preset(
    name="multi-mnist",
    about="Multi-MNIST in full, the bundled weights. Expect 99.6% of counts or more.",
    minutes=5,
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(),
    training=TrainConfig(steps=8000),
)
