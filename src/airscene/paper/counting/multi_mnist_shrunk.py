"""The multi-MNIST of public implementations: smaller digits, placed regardless of each other."""

from airscene.paper.quick import quick
from airscene.paper.result import Claim, Result
from airscene.paper.trained import draw_training, training_units
from airscene.runs.presets.digits import SHRUNK

CLAIMS = (
    Claim(
        "smaller digits that may overlap, counts",
        "not in the paper",
        SHRUNK.name,
        "count_accuracy",
        aim=0.988,
        front=True,
    ),
    Claim("bound", "not in the paper", SHRUNK.name, "elbo", "{:.1f} nats", aim=632.0),
)


def multi_mnist_shrunk(quickly: bool = False) -> Result:
    """The data of public implementations."""
    units = training_units(quick(SHRUNK), [1]) if quickly else training_units(SHRUNK, [1, 2, 3])
    return Result(
        name="multi-mnist-shrunk",
        about=(
            "The data of public implementations: smaller digits that may overlap. The best counts "
            "known of others are 98.4%."
        ),
        units=units,
        claims=CLAIMS,
        draw=draw_training,
    )
