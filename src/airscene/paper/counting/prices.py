"""What objects are worth by the bound, and which count is best where each has a price."""

import numpy as np
from jaxtyping import Float, Int, UInt8

from airscene.evaluation.evaluate import count_bounds
from airscene.inference import Model

Images = UInt8[np.ndarray, "n height width"]


def without_prior(model: Model, images: Images) -> Float[np.ndarray, "n counts"]:
    """Return the bound of each count alone, less log p(n), in nats."""
    bounds = count_bounds(model, model.prepare(images)[1])
    return bounds - np.asarray(model.air.log_prior(), float)


def priced(worth: Float[np.ndarray, "n counts"], price: float) -> Int[np.ndarray, " n"]:
    """Return the count of highest bound where each object costs so much more, in nats.

    It is that of the prior geometric(rho) for price = -log rho.
    """
    return (worth - price * np.arange(worth.shape[1])).argmax(axis=1)


def worths(worth: Float[np.ndarray, "n counts"], true: Int[np.ndarray, " n"]) -> dict[str, float]:
    """Return by how much the bound grows by the last digit, and by one object more, in nats.

    A price between the two counts right: above the second no digit is split, below the first none
    is left out. So of the first the least but one in a hundred, of the second the largest but one.

    Args:
        worth: Bound of each count, without the prior.
        true: True counts; scenes without digits, or without a step to spare, say nothing.
    """
    there = np.flatnonzero((true > 0) & (true < worth.shape[1] - 1))
    at, n = worth[there], true[there]
    row = np.arange(len(there))
    last, spare = at[row, n] - at[row, n - 1], at[row, n + 1] - at[row, n]
    return {
        "digit_worth": float(np.median(last)),
        "digit_worth_low": float(np.quantile(last, 0.01)),
        "spare_worth": float(np.median(spare)),
        "spare_worth_high": float(np.quantile(spare, 0.99)),
    }
