"""Images with known truth: digits, sprites, characters; and images of one's own."""

from airscene.images.sets.data_set import DataSet
from airscene.images.sets.multi_mnist import multi_mnist_set, multi_mnist_shrunk_set
from airscene.images.sets.omniglot import omniglot_set
from airscene.images.sets.own import own_images
from airscene.images.sets.sprites import sprites_set

DATA_SETS: dict[str, DataSet] = {
    "multi-mnist": multi_mnist_set,
    "multi-mnist-shrunk": multi_mnist_shrunk_set,
    "sprites": sprites_set,
    "omniglot": omniglot_set,
    "images": own_images,
}
"""The data sets, by name."""
