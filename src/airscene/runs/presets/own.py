"""The preset of images of one's own, of any size."""

from airscene.images.own import OwnConfig
from airscene.model.patch.config import PatchConfig
from airscene.runs.preset import PatchPreset
from airscene.training.config import PatchTrainConfig

IMAGES = PatchPreset(
    name="images",
    about="Images of your own (--images), of any size and on any ground: objects that repeat.",
    example="--images FOLDER --out runs/mine",
    data=OwnConfig(),
    model=PatchConfig(),
    training=PatchTrainConfig(steps=800),
    number=4,
)
