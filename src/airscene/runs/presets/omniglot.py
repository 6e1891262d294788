"""The preset of handwritten characters."""

from airscene.images.config import DataConfig
from airscene.model.config import AIRConfig
from airscene.runs.preset import Preset
from airscene.training.config import TrainConfig

OMNIGLOT = Preset(
    name="omniglot",
    about="Handwritten characters in up to four pieces like strokes.",
    example="--out runs/omniglot",
    data=DataConfig(kind="omniglot"),
    # Windows of a third of the image, so that a character takes several, and free in their size, as
    # strokes are. A short code holds a bar or a bend, not a character.
    model=AIRConfig(
        object_size=0.35,
        n_steps=4,
        n_what=12,
        count_prior="geometric(0.1)",
        scale_spread=0.15,
        n_layer=192,
    ),
    training=TrainConfig(steps=4000, learning_rate=3e-3),
)
