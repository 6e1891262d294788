"""The paper's results: presets, protocols and what to expect of them."""

from airscene.experiments.multi_mnist import FAST, FULL, MULTI_MNIST
from airscene.experiments.multi_mnist_shrunk import MULTI_MNIST_SHRUNK, SHRUNK
from airscene.experiments.omniglot import OMNIGLOT
from airscene.experiments.own_images import IMAGES
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.result import Result
from airscene.experiments.sizes import SIZES
from airscene.experiments.sprites import SPRITES

PRESETS = {preset.name: preset for preset in (FAST, FULL, SHRUNK, SPRITES, OMNIGLOT, IMAGES)}

RESULTS = {result.name: result for result in (MULTI_MNIST, SIZES, MULTI_MNIST_SHRUNK)}

__all__ = ["PRESETS", "RESULTS", "DataConfig", "Preset", "Result"]
