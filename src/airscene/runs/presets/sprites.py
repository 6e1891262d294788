"""Presets of coloured sprites that overlap."""

from dataclasses import replace

from airscene.images.config import DataConfig
from airscene.model.config import AIRConfig
from airscene.runs.preset import Preset
from airscene.training.config import TrainConfig

SPRITES = Preset(
    name="sprites",
    about="Coloured shapes that add up where they overlap. Expect 99% of counts or more.",
    example="--out runs/sprites",
    data=DataConfig(kind="sprites", n_train=30_000),
    model=AIRConfig(
        image_shape=(3, 50, 50),
        count_prior="geometric(0.1)",
        sigma=0.2,
        # What makes two sprites of one kind in one place two, and not a brighter one: a sprite is
        # half of white, with room for the sigmoid, and a window leaves something to a second one.
        brightness=0.55,
        explained_share=0.9,
        n_what=20,
        n_features=128,
        n_layer=160,
    ),
    training=TrainConfig(
        steps=5000,
        learning_rate=3e-3,
        count_penalty=0.0155,
        count_penalty_release=(0.4, 0.8),
        prefix_release=(0.1, 0.2),
    ),
)

# The same scenes with the difference network: of two sprites in one place, what it sees after the
# first is the second.
SPRITES_DAIR = replace(
    SPRITES,
    name="sprites-dair",
    about="The difference network (DAIR) on coloured shapes that add up where they overlap.",
    example="--out runs/sprites-dair",
    model=replace(SPRITES.model, where_proposal="difference", explained_share=1.0),
    training=replace(
        SPRITES.training,
        count_penalty=0.03,
        count_penalty_release=(0.6, 0.9),
        prefix_release=(0.1, 0.3),
    ),
)
