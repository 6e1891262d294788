"""The multi-MNIST of public implementations: smaller digits, placed regardless of each other."""

from airscene.experiments.preset import DataConfig, Preset
from airscene.model.air import AIRConfig
from airscene.training.state import TrainConfig

SHRUNK = Preset(
    name="multi-mnist-shrunk",
    about="Digits resized by 1 / N(1.3, 0.1) that may overlap, as in public implementations.",
    minutes=5,
    data=DataConfig(kind="multi-mnist-shrunk"),
    model=AIRConfig(object_size=0.33),
    training=TrainConfig(steps=8000),
)
