"""Answers about two digits, of what is believed of each: their sum, and whether they ascend."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Task = Literal["sum", "order"]

# Number of classes of each task: sums of 0 to 18; not ascending, ascending.
CLASSES: dict[Task, int] = {"sum": 19, "order": 2}

DIGITS = 10

# What no answer is below, so that what seems impossible has a gradient.
_LEAST = 1e-6

_FIRST, _SECOND = np.indices((DIGITS, DIGITS))


def sum_of_two(
    first: Float[Array, "b digits"], second: Float[Array, "b digits"]
) -> Float[Array, "b sums"]:
    """Return `P(s) = sum_a P(a) Q(s - a)`, the distribution of the sum of two independent digits.

    Args:
        first: P, the distribution of the one digit.
        second: Q, that of the other.
    """
    makes = np.eye(CLASSES["sum"], dtype=np.float32)[_FIRST + _SECOND]
    return jnp.einsum("na,nb,abs->ns", first, second, makes)


def ascending_pair(
    left: Float[Array, "b digits"], right: Float[Array, "b digits"]
) -> Float[Array, " b"]:
    """Return `sum_ab P(a) Q(b) [b > a]`, how probable it is that two independent digits ascend.

    Args:
        left: P, the distribution of the left digit.
        right: Q, that of the right one.
    """
    return jnp.einsum("na,nb,ab->n", left, right, np.float32(_SECOND > _FIRST))


def log_answer(
    task: Task,
    first: Float[Array, "b digits"],
    second: Float[Array, "b digits"],
    first_is_left: Float[Array, " b"],
) -> Float[Array, "b classes"]:
    """Return the log-probability of each answer of a task, as far as above one in a million.

    Args:
        task: `sum` or `order`.
        first: Distribution of the one digit.
        second: Distribution of the other.
        first_is_left: How probable it is that the one is left of the other; a sum does not ask.
    """
    if task == "sum":
        p = sum_of_two(first, second)
    else:
        as_they_are, turned = ascending_pair(first, second), ascending_pair(second, first)
        ascends = first_is_left * as_they_are + (1.0 - first_is_left) * turned
        p = jnp.stack([1.0 - ascends, ascends], axis=1)
    return jnp.log(p + _LEAST)


def softmax_pair(
    logits: Float[Array, "b twice_digits"],
) -> tuple[Float[Array, "b digits"], Float[Array, "b digits"]]:
    """Return the two distributions over digits that twenty logits mean."""
    first, second = jnp.split(logits, 2, axis=1)
    return jax.nn.softmax(first), jax.nn.softmax(second)
