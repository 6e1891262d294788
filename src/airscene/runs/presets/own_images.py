"""Images of one's own."""

from airscene.images.config import DataConfig
from airscene.model.config import AIRConfig
from airscene.runs.preset import Preset
from airscene.training.config import TrainConfig

IMAGES = Preset(
    name="images",
    about="Images of your own (--images): a few bright objects on black.",
    example="--images 'folder/*.png' --out runs/mine",
    data=DataConfig(kind="images"),
    model=AIRConfig(object_size=0.0, sigma=0.0),
    training=TrainConfig(steps=3000),
)
