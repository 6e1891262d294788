"""Omniglot: AIR takes characters apart into pieces like strokes (paper, appendix G, Fig. 9)."""

from airscene.experiments.preset import DataConfig, Preset
from airscene.model.config import AIRConfig
from airscene.training.config import TrainConfig

OMNIGLOT = Preset(
    name="omniglot",
    about="Handwritten characters in up to four pieces like strokes.",
    example="--out runs/omniglot",
    data=DataConfig(kind="omniglot"),
    model=AIRConfig(n_steps=4, object_size=0.5, count_prior="geometric(0.1)"),
    training=TrainConfig(steps=3000),
)
