"""What a model is made of. Free of JAX, so that the command line can read it at once."""

import math
import re
from dataclasses import dataclass, field

from airscene.errors import InputError, check_option, check_whole
from airscene.schema import NO_OPTION


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
        brightness: The most that an object adds to a pixel, as a share of white.
        explained_share: Share of the ink in an object's window that the object is taken to explain,
            where the posterior looks for the next one; below 1 if objects lie upon each other.
        n_hidden: Units of the LSTM.
        n_features: Units of the layer that looks at the image.
        n_layer: Units of the hidden layer of the appearance encoder and of the decoder.
        appearance: How a window is encoded and drawn: "mlp", a hidden layer each, or "draw", a
            small DRAW of five steps, whose LSTMs have `n_layer` units.
        where_proposal: The inference network: "recurrent" (AIR) or "difference" (DAIR).
        composition: How an object changes the canvas: "sum".
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
    composition: str = field(default="sum", metadata=NO_OPTION)
    background: str = field(default="black", metadata=NO_OPTION)
    likelihood: str = field(default="gaussian", metadata=NO_OPTION)
    subtract_ground: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        for name in ("n_steps", "n_what", "n_cells", "n_hidden", "n_features", "n_layer"):
            check_whole(name, getattr(self, name), 1)
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
        right = 0 < self.brightness <= 1
        check_option("brightness", self.brightness, right, "above 0 and at most 1")
        share = self.explained_share
        check_option("explained_share", share, 0 <= share <= 1, "from 0 to 1")
        if self.where_proposal == "difference":
            wanted = "1 with the difference network, which sees what each object leaves"
            check_option("explained_share", share, share == 1.0, wanted)
        parse_count_prior(self.count_prior, self.n_steps)


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
