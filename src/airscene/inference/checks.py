"""Checks that models of 2-D and of 3-D scenes share."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from jaxtyping import Shaped

from airscene.errors import InputError


def check_counts(counts: Sequence | Shaped[np.ndarray, " m"], most: int, name: str) -> None:
    """Refuse numbers of objects that a model cannot draw.

    Raises:
        InputError: If one is no whole number from 0 to the most.
    """
    for count in counts:
        if not (isinstance(count, Integral) and 0 <= count <= most):
            raise InputError(
                f"a count is {count}; it should be a whole number, and {name} draws 0 to {most} "
                "objects"
            )
