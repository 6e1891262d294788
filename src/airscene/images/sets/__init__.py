"""Images with known truth: digits, sprites, characters; and images of one's own."""

from airscene.images.sets.data_set import DataSet, DrawnSet
from airscene.images.sets.digits import load_digits, load_transposed
from airscene.images.sets.many_digits import many_digits
from airscene.images.sets.multi_dsprites import multi_dsprites
from airscene.images.sets.multi_mnist import multi_mnist, multi_mnist_shrunk
from airscene.images.sets.omniglot import omniglot_set
from airscene.images.sets.own import own_images
from airscene.images.sets.sprites import sprites
from airscene.images.sets.tetrominoes import tetrominoes

_DRAWN, _DIGITS = ("counts", "image_size"), {"digits": load_digits}

DATA_SETS: dict[str, DataSet] = {
    "multi-mnist": DrawnSet(multi_mnist, (*_DRAWN, "digits", "digit_size"), _DIGITS),
    "multi-mnist-transposed": DrawnSet(
        multi_mnist,
        (*_DRAWN, "digits", "digit_size"),
        {"digits": load_transposed},
        about="Multi-MNIST of digits with rows and columns exchanged.",
    ),
    "multi-mnist-shrunk": DrawnSet(multi_mnist_shrunk, (*_DRAWN, "digits"), _DIGITS),
    "sprites": DrawnSet(sprites, (*_DRAWN, "overlapping")),
    "omniglot": omniglot_set,
    "images": own_images,
    "tetrominoes": DrawnSet(
        tetrominoes, (), about="Three coloured tetrominoes on black; with masks."
    ),
    "multi-dsprites": DrawnSet(
        multi_dsprites,
        (*_DRAWN, "ground"),
        about="Two to five squares, ellipses and hearts that hide each other; with masks.",
    ),
    "many-digits": DrawnSet(
        many_digits,
        (*_DRAWN, "digits"),
        _DIGITS,
        about="Up to nine digits of several sizes in large scenes; with masks.",
    ),
}
"""The data sets, by name."""
