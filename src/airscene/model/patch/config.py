"""What a model of patches is made of. Free of JAX, so that the command line can read it at once."""

import math
from dataclasses import dataclass, field
from typing import Literal

from airscene.errors import check_one_of, check_option, check_whole
from airscene.images.frame import parse_object_size
from airscene.schema import NO_OPTION

BackgroundName = Literal["auto", "black", "flat", "smooth", "set", "learnt"]
CompositionName = Literal["either", "max", "over", "sum"]
LikelihoodName = Literal["gaussian", "robust"]
Between = Literal["auto", "alike", "mixed"]
Colours = Literal["one", "many"]

# The region of interest that is the whole image.
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Calibration:
    """What a model is told of its images, in the brightness of white: estimated, without labels.

    Args:
        size: The longer side of a typical object as it is estimated, as a share of the images'
            short side.
        short_side: The short side of a typical image given, in pixels.
        contrast: How far the middle of a typical object is from the ground: root mean square over
            the channels.
        noise: Standard deviation of the noise of a pixel.
        sigma: Standard deviation of a pixel in the likelihood.
        worth: What a typical object gains in log-likelihood when it is drawn perfectly, in nats.
            The scale of all prices.
    """

    size: float = 0.0
    short_side: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    sigma: float = 0.0
    worth: float = 0.0


@dataclass(frozen=True)
class PatchConfig:
    """What a model of patches is made of.

    Args:
        channels: Channels of the images, 1 or 3.
        object_size: Size of a typical object, the longer side of its box: "40px" in pixels of the
            images given, or "0.06" of their short side; empty to estimate it.
        pixels: Images are scaled so that a typical object has this many pixels.
        n_steps: Objects that are proposed on a crop in training.
        n_what: Length of the appearance code.
        n_cells: Side of a window, in samples.
        n_hidden: Units of the layers that look for an object's place.
        n_layer: Units of the hidden layer of the appearance encoder and of the decoder.
        scale_spread: Prior standard deviation of the logarithm of the window's side.
        scale_reach: The most that the mean of that logarithm is from the prior's, in deviations.
        object_worth: What a typical object is to gain in log-likelihood when it is drawn perfectly,
            in nats, where the noise allows it; sigma follows.
        object_price: What one more object costs, as a share of a typical object's worth.
        edge_price: The least that an object costs that the edge of the image cuts off, in the same
            unit: a frame, or less light there, is easily taken for one.
        colours: How many an object has: "one", or "many". With one, two of different colours are
            never taken for one, and the network is shown where the colour is that it looks at.
        sharpness: How steep the edge of a mask is; more is harder edged.
        composition: How an object changes the canvas: "over" it (alpha), "either" over or under
            what is there, added to it ("sum"), or the strongest is seen in each
            channel ("max").
        background: What is there without objects: "black", "flat" (one colour an image), "smooth"
            (a field of low order), "set" (the same in all images), "learnt" (a few coarse forms
            of which each image has its part); "auto" chooses "smooth" or "set".
        background_image: A picture of the ground of all images, without objects: it is then that
            of "set". It may be of another size, not of another shape.
        region: Where objects are looked for: left, top, right and bottom, as shares of the width
            and the height of each image. What lies beyond is ground.
        ignore_larger_than: What stands out of the ground in one piece, and is longer than this, is
            taken for ground: a hand, a label. As the object size is written; empty for nothing.
            Objects that touch are one piece.
        sizes: Whether objects have one size in all images ("alike"), or each image its own, which
            is estimated ("mixed"); "auto" chooses.
        exposure: The same of their contrast with the ground.
        likelihood: How a pixel is distributed given the canvas: "gaussian", or "robust", whose
            tails are heavy.
        template_shape: Of "set" and "learnt": number, channels, height and width of the pictures.
        calibration: What follows from the images.
    """

    channels: int = field(default=3, metadata=NO_OPTION)
    object_size: str = ""
    pixels: int = 12
    n_steps: int = 10
    n_what: int = 16
    n_cells: int = 16
    n_hidden: int = 128
    n_layer: int = 192
    scale_spread: float = 0.2
    scale_reach: float = 2.0
    object_worth: float = 400.0
    object_price: float = 0.03
    edge_price: float = 0.1
    colours: Colours = "many"
    sharpness: float = 1.0
    composition: CompositionName = "over"
    background: BackgroundName = "auto"
    background_image: str = ""
    region: tuple[float, float, float, float] = WHOLE
    ignore_larger_than: str = ""
    sizes: Between = "auto"
    exposure: Between = "auto"
    likelihood: LikelihoodName = "gaussian"
    template_shape: tuple[int, ...] = field(default=(), metadata=NO_OPTION)
    calibration: Calibration = field(default_factory=Calibration, metadata=NO_OPTION)

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        check_option("channels", self.channels, self.channels in (1, 3), "1 or 3")
        if self.object_size:
            parse_object_size(self.object_size)
        if self.ignore_larger_than:
            parse_object_size(self.ignore_larger_than, "--ignore-larger-than")
        for name in ("n_steps", "n_what", "n_cells", "n_hidden", "n_layer"):
            check_whole(name, getattr(self, name), 1)
        check_whole("pixels", self.pixels, 6)
        for name in ("scale_spread", "scale_reach", "object_worth", "sharpness"):
            value = getattr(self, name)
            check_option(name, value, 0 < value < math.inf, "a number above 0")
        for name in ("object_price", "edge_price"):
            value = getattr(self, name)
            check_option(name, value, 0 <= value < math.inf, "a number of at least 0")
        check_one_of("colours", self.colours, Colours)
        check_one_of("composition", self.composition, CompositionName)
        check_one_of("background", self.background, BackgroundName)
        if self.background_image:
            usual = self.background in ("auto", "set")
            check_option("background", self.background, usual, "left out with --background-image")
        left, top, right, bottom = self.region
        in_order = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
        wanted = "left, top, right and bottom, from 0 to 1, as 0.1 0.2 0.9 1"
        check_option("region", self.region, in_order, wanted)
        check_one_of("sizes", self.sizes, Between)
        check_one_of("exposure", self.exposure, Between)
        check_one_of("likelihood", self.likelihood, LikelihoodName)
