"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from dataclasses import replace

from airscene.paper.result import NATS, Claim, Result
from airscene.paper.trained import draw_training, scaled, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.digits import DAIR, FAST, FULL, SHRUNK


def multi_mnist(quickly: bool = False) -> Result:
    """Counting, locating and redrawing digits (Fig. 3)."""
    fast, full = FAST.name, FULL.name
    precision = "full preset, average precision of boxes"
    reached = "fast preset, seconds to 98% of counts"
    counts = "count_accuracy"
    return Result(
        name="multi-mnist",
        about="Counting, locating and redrawing digits (Fig. 3): the fast preset and the full one.",
        units=training_units(*scaled(quickly, range(1, 21), FAST))
        + training_units(*scaled(quickly, range(1, 6), FULL)),
        claims=(
            Claim("fast preset, counts", fast, counts, paper="a plot", at_least=0.98, worst=True),
            Claim(reached, fast, "seconds_to_98", "{:.0f} s", at_most=35.0),
            Claim(
                "full preset, counts", full, counts, paper="near 100%", at_least=0.996, front=True
            ),
            Claim("full preset, bound", full, "elbo", NATS, "620 nats", at_least=620.0, front=True),
            Claim(precision, full, "average_precision", "{:.3f}", at_least=0.97),
        ),
        draw=draw_training,
    )


def _sized(digit: int, image: int) -> Preset:
    """The fast preset on digits and images of other sizes, in pixels."""
    data = replace(FAST.data, digit_size=digit, image_size=image)
    # 0: estimated from the images.
    model = replace(FAST.model, object_size=0.0)
    return replace(FAST, name=f"digits-{digit}-in-{image}", data=data, model=model)


_SIZED = [_sized(digit, image) for digit, image in ((14, 50), (9, 50), (36, 80))]


def sizes(quickly: bool = False) -> Result:
    """The fast preset on other sizes, with object_size estimated."""
    presets = _SIZED[:1] if quickly else _SIZED
    return Result(
        name="sizes",
        about="The fast preset on other sizes, object_size estimated from the images.",
        units=training_units(*scaled(quickly, (1, 2, 3), *presets)),
        claims=tuple(
            Claim(
                f"digits of {p.data.digit_size} pixels in {p.data.image_size}, counts",
                p.name,
                "count_accuracy",
                at_least=0.97,
                worst=True,
            )
            for p in _SIZED
        ),
        draw=draw_training,
    )


def multi_mnist_shrunk(quickly: bool = False) -> Result:
    """The data of public implementations: smaller digits, placed regardless of each other."""
    what, run = "smaller digits that may overlap, counts", SHRUNK.name
    return Result(
        name="multi-mnist-shrunk",
        about=(
            "The data of public implementations: smaller digits that may overlap. The best counts "
            "known of others are 98.4%."
        ),
        units=training_units(*scaled(quickly, (1, 2, 3), SHRUNK)),
        claims=(
            Claim(what, run, "count_accuracy", at_least=0.988, front=True),
            Claim("bound", run, "elbo", NATS, at_least=632.0),
        ),
        draw=draw_training,
    )


def dair(quickly: bool = False) -> Result:
    """The difference network on the digits that it was trained on (Fig. 4)."""
    what, run = "DAIR, counts of 0 to 2 digits", DAIR.name
    return Result(
        name="dair",
        about=(
            "The difference network on 0 to 2 digits (appendix D, Fig. 8); on numbers that it has "
            "not seen, see generalisation."
        ),
        units=training_units(*scaled(quickly, (1, 2, 3), DAIR)),
        claims=(
            Claim(what, run, "count_accuracy", paper="a plot", at_least=0.99, worst=True),
            Claim("DAIR, bound", run, "elbo", NATS, "611 nats", at_least=611.0),
        ),
        draw=draw_training,
    )
