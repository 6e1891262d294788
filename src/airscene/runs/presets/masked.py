"""The presets of scenes whose masks are known; models of patches learn them without the masks."""

from dataclasses import replace

from airscene.images.config import DataConfig
from airscene.model.patch.config import PatchConfig
from airscene.runs.preset import MaskedPreset
from airscene.training.config import PatchTrainConfig

# Scenes that are trained on, of which crops are cut, and that are held out.
FEW = {"n_train": 2000, "n_test": 320}

TRAINING = PatchTrainConfig(steps=1000, n_crops=8000)

# What is true of these scenes: their objects are of one size, of one colour each, and differ from
# the ground by as much in all images.
EVEN = PatchConfig(colours="one", sizes="alike", exposure="alike")

# Of shapes without noise, whose edges are hard: what is drawn may be as exact, and an object that
# is small, faint or mostly hidden is worth its price.
EXACT = replace(EVEN, composition="either", object_worth=1600.0)

TETROMINOES = MaskedPreset(
    name="tetrominoes",
    about="Three pieces of four squares each, in colour on black, with masks: 35x35.",
    example="--seed 2",
    data=DataConfig.usual("tetrominoes", **FEW),
    # In their own resolution, as masks have corners.
    model=replace(
        EXACT,
        object_size="17px",
        pixels=17,
        n_cells=20,
        sharpness=2.0,
        scale_spread=0.1,
        background="black",
        object_price=0.12,
    ),
    training=replace(TRAINING, training_price=0.05),
    number=2,
)

DSPRITES = MaskedPreset(
    name="multi-dsprites",
    about="Two to five coloured shapes that hide each other, with masks: 64x64.",
    example="--ground textured",
    data=DataConfig.usual("multi-dsprites", **FEW),
    model=replace(
        EXACT,
        object_size="20px",
        pixels=14,
        sharpness=1.5,
        background="smooth",
        object_price=0.02,
    ),
    training=replace(TRAINING, steps=2000, n_crops=12000, training_price=0.06),
    number=2,
)

MANY_DIGITS = MaskedPreset(
    name="many-digits",
    about="Up to nine digits on 128x128, with masks.",
    example="--seed 2",
    data=DataConfig.usual("many-digits", **FEW),
    # Their ink fades out, so it is of many colours.
    model=replace(
        EVEN,
        colours="many",
        object_size="22px",
        background="black",
        object_worth=1200.0,
        object_price=0.12,
    ),
    training=replace(TRAINING, steps=2000, n_crops=12000),
    number=2,
)


def on(ground: str) -> MaskedPreset:
    """Return `multi-dsprites` on grey, coloured or textured grounds, named for them."""
    # Textures are fitted in another way since numbers 3 and 4; of other grounds no scene is.
    number = 4 if ground == "textured" else DSPRITES.number
    named = replace(DSPRITES, name=f"multi-dsprites-{ground}", number=number)
    return named.override(ground=ground)
