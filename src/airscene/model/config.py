"""What a model is made of. Free of JAX, so that the command line can read it at once."""

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from airscene.errors import InputError, check_one_of, check_option, check_whole
from airscene.schema import NO_OPTION

MeanPlace = Literal["attention", "regressed"]

# Options that do nothing with an inference network.
UNUSED = {
    "recurrent": ("hidden_state", "all_gradients", "sides"),
    "difference": ("explained_share", "ink_input", "what_input"),
}


@dataclass(frozen=True)
class AIRConfig:
    """What a model is made of.

    Args:
        image_shape: Channels (1 or 3), height and width of the images, in pixels.
        object_size: Side of a typical attention window, as a fraction of the image's short side;
            0 to estimate it from the images.
        n_steps: The largest count, N.
        n_what: Length of the appearance code.
        n_cells: Side of the attention window, in samples.
        count_prior: Prior over counts: geometric(rho), binomial(p), poisson(rate), or
            table(w0, w1, ..) with a weight for each count.
        scale_spread: Prior standard deviation of the logarithm of the window's scale.
        position_spread: Prior standard deviation of the window's centre, in image half-widths.
        sigma: Standard deviation of a pixel given the canvas; 0 to estimate it from the images.
        brightness: The most that an object adds to a pixel, as a share of white; 0 to estimate it
            from the images.
        explained_share: Share of the ink in an object's window that the object is taken to explain,
            where the posterior looks for the next one; below 1 if objects lie upon each other.
        n_hidden: Units of the LSTM.
        n_features: Units of the layer that looks at the image.
        n_layer: Units of the hidden layer of the appearance encoder and of the decoder.
        appearance: How a window is encoded and drawn: "mlp", a hidden layer each, or "draw", a
            small DRAW of five steps, whose LSTMs have `n_layer` units.
        where_proposal: The inference network: "recurrent" (AIR) or "difference" (DAIR).
        mean_place: Where the mean place of a window comes from: "attention" to what is left, or
            "regressed", from the network alone, as in the paper.
        preference_slope: How steeply attention prefers one side of the image, in nats a half-width:
            AIR's at first, DAIR's always.
        attention_floor: Let attention give black squares a small weight.
        square: Side of the squares, in pixels, over which the image, or the error, is averaged
            before a network sees all of it; 1 for every pixel, as in the paper.
        free_scale: Let the mean scale be any, as in the paper, and not within 3 deviations.
        ink_input: Tell AIR's cell how much ink no window has covered.
        what_input: Show AIR's cell the appearance of the object before, as in the paper.
        hidden_state: Give DAIR a hidden state (paper, section 3.1).
        all_gradients: Let gradients flow through all of DAIR, as in the paper.
        sides: From how many sides DAIR tries an image; 1 for one order, in training too.
        composition: How an object changes the canvas: "sum", objects add up; "clip", to white at
            most; "max", the brighter one is seen; "over", the next one covers those before.
        background: What the canvas is before the first object: "black".
        likelihood: How a pixel is distributed given the canvas: "gaussian".
        subtract_ground: Subtract an image's own ground, its median pixel, before anything else: for
            images whose objects are bright on an even ground that is not black.
    """

    image_shape: tuple[int, int, int] = field(default=(1, 50, 50), metadata=NO_OPTION)
    object_size: float = 0.4
    n_steps: int = 3
    n_what: int = 50
    n_cells: int = 16
    count_prior: str = "geometric(0.01)"
    scale_spread: float = 0.07
    position_spread: float = 0.5
    sigma: float = 0.3
    brightness: float = 1.0
    explained_share: float = 1.0
    n_hidden: int = 128
    n_features: int = 256
    n_layer: int = 256
    appearance: str = field(default="mlp", metadata=NO_OPTION)
    where_proposal: str = field(default="recurrent", metadata=NO_OPTION)
    mean_place: MeanPlace = "attention"
    preference_slope: float = 2.0
    attention_floor: bool = True
    square: int = 2
    free_scale: bool = False
    ink_input: bool = True
    what_input: bool = False
    hidden_state: bool = False
    all_gradients: bool = False
    sides: int = 4
    composition: str = "sum"
    background: str = field(default="black", metadata=NO_OPTION)
    likelihood: str = field(default="gaussian", metadata=NO_OPTION)
    subtract_ground: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        sizes = ("n_steps", "n_what", "n_cells", "n_hidden", "n_features", "n_layer")
        for name in (*sizes, "square", "sides"):
            check_whole(name, getattr(self, name), 1)
        check_one_of("mean_place", self.mean_place, MeanPlace)
        slope = self.preference_slope
        check_option("preference_slope", slope, 0 <= slope < math.inf, "a number of at least 0")
        channels, *sides = shape = self.image_shape
        right = channels in (1, 3) and len(sides) == 2 and min(sides) >= 1
        check_option("image_shape", shape, right, "1 or 3 channels, then height and width")
        size = self.object_size
        wanted = "above 0 and at most 1, or 0 to estimate it from the images"
        check_option("object_size", size, 0 <= size <= 1, wanted)
        wanted = "a number above 0, or 0 to estimate it from the images"
        check_option("sigma", self.sigma, 0 <= self.sigma < math.inf, wanted)
        for name in ("scale_spread", "position_spread"):
            value = getattr(self, name)
            check_option(name, value, 0 < value < math.inf, "a number above 0")
        right = 0 <= self.brightness <= 1
        wanted = "above 0 and at most 1, or 0 to estimate it from the images"
        check_option("brightness", self.brightness, right, wanted)
        share = self.explained_share
        check_option("explained_share", share, 0 <= share <= 1, "from 0 to 1")
        for name in self.unused():
            usual = type(self).__dataclass_fields__[name].default
            wanted = f"{usual}, as it does nothing in the {self.where_proposal} network"
            check_option(name, getattr(self, name), getattr(self, name) == usual, wanted)
        parse_count_prior(self.count_prior, self.n_steps)

    def unused(self) -> tuple[str, ...]:
        """Return the options that do nothing with this inference network."""
        return UNUSED.get(self.where_proposal, ())


def parse_count_prior(spec: str, n_max: int) -> tuple[str, list[float]]:
    """Return the name and the numbers of a prior over counts, 0 to `n_max`.

    `airscene.model.counts.count_log_prior` says what they mean.

    Raises:
        InputError: If the prior is not one of these or its numbers are out of range.
    """
    match = re.fullmatch(r"\s*(\w+)\s*\(([^()]*)\)\s*", spec)
    name, numbers = (match[1], match[2].split(",")) if match else ("", [])
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        name, values = "", []
    low, high = {"geometric": (0, 1), "binomial": (0, 1), "poisson": (0, 1e6)}.get(name, (0, 0))
    if name == "table":
        right = len(values) == n_max + 1 and 0 < min(values) and sum(values) < math.inf
    else:
        right = len(values) == 1 and low < values[0] < high
    if not right:
        raise InputError(
            f"count prior {spec!r}: should be geometric(rho) or binomial(p) with a number between "
            f"0 and 1, poisson(rate), or table(w0, .., w{n_max})"
        )
    return name, values
