"""The paper's results: presets, protocols and what to expect of them."""

from airscene.experiments.dair import DAIR
from airscene.experiments.multi_mnist import FAST, FULL, MULTI_MNIST
from airscene.experiments.multi_mnist_shrunk import MULTI_MNIST_SHRUNK, SHRUNK
from airscene.experiments.own_images import IMAGES
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.result import Result
from airscene.experiments.sizes import SIZES

PRESETS = {preset.name: preset for preset in (FAST, FULL, SHRUNK, IMAGES, DAIR)}

RESULTS = {result.name: result for result in (MULTI_MNIST, SIZES, MULTI_MNIST_SHRUNK)}

__all__ = ["PRESETS", "RESULTS", "DataConfig", "Preset", "Result"]
