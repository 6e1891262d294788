"""Images with known truth, images of one's own, and seeded batches of them."""

from airscene.data.batches import batch_indices
from airscene.data.digits import Digits, load_digits
from airscene.data.images import fit_image, image_set, load_images
from airscene.data.multi_mnist import multi_mnist, multi_mnist_shrunk
from airscene.data.omniglot import Characters, load_omniglot
from airscene.data.resample import resample
from airscene.data.sprites import SpriteScenes, sprites
from airscene.data.truth import LabelledScenes, ink_boxes

__all__ = [
    "Characters",
    "Digits",
    "LabelledScenes",
    "SpriteScenes",
    "batch_indices",
    "fit_image",
    "image_set",
    "ink_boxes",
    "load_digits",
    "load_images",
    "load_omniglot",
    "multi_mnist",
    "multi_mnist_shrunk",
    "resample",
    "sprites",
]
