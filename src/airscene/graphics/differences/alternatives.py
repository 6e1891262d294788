"""Enumeration of one slot's discrete variables: which scenes to draw, the other slots held."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from airscene.graphics.scenes import ABSENT, SceneBatch


class Alternatives(NamedTuple):
    """A plan: scenes whose scores are the table of a slot's alternatives.

    Args:
        scenes: what to draw, in one call: each scene with the slot absent, then with each type.
        source: which scene each was made from: the same as its target.
        n_types: the number of types.
    """

    scenes: SceneBatch
    source: Int[np.ndarray, "drawn"]
    n_types: int

    def table(self, values: Float[np.ndarray, "drawn"]) -> Float[np.ndarray, "n alternatives"]:
        """The scores of the scenes as a table: absent first, then each type."""
        return np.reshape(values, (-1, 1 + self.n_types))


def plan_alternatives(scenes: SceneBatch, slot: int, n_types: int) -> Alternatives:
    """Plan the scores of a slot's alternatives: absent, and each type in the pose that it has.

    Args:
        scenes: n scenes; the slot's pose must mean something also where it is absent.
        slot: the slot whose type is replaced; the others are held.
        n_types: the number of types.
    """
    kinds = np.arange(ABSENT, n_types)
    source = np.repeat(np.arange(len(scenes)), len(kinds))
    some = scenes[source]
    types = some.types.copy()
    types[:, slot] = np.tile(kinds, len(scenes))
    return Alternatives(replace(some, types=types), source, n_types)
