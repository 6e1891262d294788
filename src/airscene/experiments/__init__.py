"""The paper's results: presets, protocols and what to expect of them."""

from airscene.experiments.multi_mnist import FAST, FULL
from airscene.experiments.multi_mnist_shrunk import SHRUNK
from airscene.experiments.own_images import IMAGES
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.run import fit

PRESETS = {preset.name: preset for preset in (FULL, FAST, SHRUNK, IMAGES)}

__all__ = ["PRESETS", "DataConfig", "Preset", "fit"]
