"""Which images are trained on: a data set by its name, and its options."""

from dataclasses import dataclass, field, fields
from typing import Any

from airscene.errors import InputError, check_one_of, check_option
from airscene.images.load import Paths
from airscene.images.sets import DATA_SETS
from airscene.images.sets.data_set import Split, options_of, usual_options
from airscene.images.sets.grounds import Ground
from airscene.images.sets.omniglot import Part
from airscene.images.sets.own import own_images
from airscene.images.sets.sprites import Overlapping
from airscene.images.truth import LabelledScenes
from airscene.schema import NO_OPTION

# What is said of every data set.
_OF_ALL = ("kind", "data_seed")


@dataclass(frozen=True)
class DataConfig:
    """The images to train on.

    Args:
        kind: The data set.
        digits: Where MNIST comes from: "auto", "bundled" or a folder.
        omniglot: Where Omniglot comes from: "auto" or a folder.
        omniglot_part: The "small" background sets of Omniglot, of which every fifth character is
            held out; or the "whole" set, 964 characters to train on and 659 held out.
        images: For `images`: files, folders or patterns of one's own.
        counts: Numbers of objects a scene, equally likely.
        image_size: Side of the scenes, in pixels.
        digit_size: Side that digits are resampled to, in pixels; 28 is their own.
        ground: What shapes lie on: one grey, one colour or a texture.
        overlapping: How sprites overlap: of half brightness, they add up ("sum"); of full, they add
            up to white at most ("clip"), or the second covers the first ("over").
        n_train: Number of training scenes.
        n_test: Number of held-out scenes.
        data_seed: Decides the scenes; the same for every seed of training.

    Raises:
        InputError: If a value is out of range, or does not apply to the data set.
    """

    kind: str = field(default="multi-mnist", metadata=NO_OPTION)
    digits: str = "auto"
    omniglot: str = "auto"
    omniglot_part: Part = "small"
    images: tuple[str, ...] = ()
    counts: tuple[int, ...] = (0, 1, 2)
    image_size: int = 50
    digit_size: int = 28
    ground: Ground = "grey"
    overlapping: Overlapping = "sum"
    n_train: int = 60_000
    n_test: int = 10_000
    data_seed: int = 0

    def __post_init__(self) -> None:
        """Check that every value is in range."""
        check_option("kind", self.kind, self.kind in DATA_SETS, f"one of {', '.join(DATA_SETS)}")
        for name in ("image_size", "digit_size", "n_train", "n_test"):
            value = getattr(self, name)
            check_option(name, value, value >= 1, "a whole number of at least 1")
        right = bool(self.counts) and min(self.counts) >= 0
        check_option("counts", self.counts, right, "whole numbers of at least 0")
        check_one_of("ground", self.ground, Ground)
        check_one_of("omniglot_part", self.omniglot_part, Part)
        check_one_of("overlapping", self.overlapping, Overlapping)
        check_option("data_seed", self.data_seed, self.data_seed >= 0, "a number of at least 0")
        for name in self.unused():
            if getattr(self, name) != self.__dataclass_fields__[name].default:
                kind = "images of your own" if self.kind == "images" else self.kind
                raise InputError(f"--{name.replace('_', '-')} is not for {kind}")

    @classmethod
    def usual(cls, kind: str, **options: Any) -> "DataConfig":
        """Return a data set as it is usually drawn: `counts` and `image_size` are its own.

        The defaults of this class are those of multi-MNIST, whatever the data set.

        Args:
            kind: The data set.
            options: Other values.

        Raises:
            InputError: If there is no such data set, or a value is out of range.
        """
        usual = usual_options(DATA_SETS[kind]) if kind in DATA_SETS else {}
        return cls(kind, **{**usual, **options})

    def unused(self) -> tuple[str, ...]:
        """Return the fields that do nothing for this data set."""
        used = (*_OF_ALL, *options_of(DATA_SETS[self.kind]))
        return tuple(option.name for option in fields(self) if option.name not in used)

    def load(self, split: Split, images: Paths | None = None) -> LabelledScenes:
        """Return the training scenes or the held-out scenes.

        Args:
            split: Which of them.
            images: Images of one's own, in place of those that `images` names.

        Raises:
            InputError: If there are no such images.
        """
        data_set = DATA_SETS[self.kind]
        if images is None:
            return data_set(split, **{name: getattr(self, name) for name in options_of(data_set)})
        if self.kind != "images":
            raise InputError(f"images are for the experiment images, not for {self.kind}")
        return own_images(split, images=images)
