"""Images with known truth, images of one's own, and seeded batches of them."""

from airscene.images.fit import fit_image
from airscene.images.load import image_set, load_images
from airscene.images.resample import resample
from airscene.images.sets.digits import Digits, load_digits
from airscene.images.sets.multi_mnist import multi_mnist, multi_mnist_shrunk
from airscene.images.sets.omniglot import Characters, load_omniglot
from airscene.images.sets.sprites import SpriteScenes, sprites
from airscene.images.truth import LabelledScenes, ink_boxes

__all__ = [
    "Characters",
    "Digits",
    "LabelledScenes",
    "SpriteScenes",
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
