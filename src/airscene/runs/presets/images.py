"""Presets of images: digits, coloured sprites, characters, and images of one's own."""

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
    model=AIRConfig(sigma=0.0, preference_slope=0.0),
    training=TrainConfig(warmup=50),
    # Since number 2 the order of the objects is learnt: attention prefers no side at first. And the
    # learning rate rises in half as many steps.
    number=2,
)

FULL = Preset(
    name="multi-mnist",
    about="Multi-MNIST in full, the bundled weights. Expect 99.6% of counts or more.",
    example="--out runs/mnist",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(count_prior="geometric(0.1)", n_cells=20, n_features=192, n_layer=384),
    # What the looser prior lowers the cost of an object by, the annealing adds: 2.3 nats.
    training=TrainConfig(
        steps=10_000,
        learning_rate=3e-3,
        count_penalty=0.0155,
        count_penalty_release=(0.4, 0.8),
        prefix_release=(0.1, 0.2),
    ),
)

ROBUST = replace(
    FULL,
    name="multi-mnist-robust",
    about="Multi-MNIST on even grounds, in noise, faint, smaller and larger.",
    example="--out runs/robust",
    # Sizes differ by more, and what is faint should be worth an object, but not what is noise.
    model=replace(FULL.model, subtract_ground=True, scale_spread=0.1, sigma=0.28),
    training=replace(FULL.training, steps=16_000, augment=0.7),
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
    chosen_on="validation",
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

SMALL_IMAGES = Preset(
    name="small-images",
    about="Small images of your own (--images), of one size: AIR, a few bright objects on black.",
    example="--images 'folder/*.png' --out runs/mine",
    data=DataConfig(kind="images"),
    model=AIRConfig(object_size=0.0, sigma=0.0),
    training=TrainConfig(steps=3000),
)
