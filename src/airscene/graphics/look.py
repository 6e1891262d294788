"""How a scene looks beside what is in it: colours, sizes, light and table, for transfer.

The paper perturbs colours and sizes of the objects in training, for robustness; light and table are
there to test it on looks never seen.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Look(NamedTuple):
    """Changes to the looks of scenes; all zeros are the looks as the MJCF has them.

    Args:
        size: log of the factor of each object's size.
        colour: log of the factors of each object's red, green and blue.
        light: the lights' turn about the upright axis in radians, and the log of the factor of
            their brightness.
        table_colour: log of the factors of the table's red, green and blue.
        table: which of the world's table materials, from 0.
    """

    size: Float[np.ndarray, "n slots"]
    colour: Float[np.ndarray, "n slots 3"]
    light: Float[np.ndarray, "n 2"]
    table_colour: Float[np.ndarray, "n 3"]
    table: Int[np.ndarray, "n"]

    def pack(self) -> Float[np.ndarray, "n looks"]:
        """The look as `SceneBatch.look` has it: 6 numbers, then 4 for each slot."""
        n, slots = self.size.shape
        colour = self.colour.reshape(n, 3 * slots)
        parts = (self.light, self.table_colour, self.table[:, None], self.size, colour)
        return np.concatenate(parts, axis=1).astype(np.float64)

    @classmethod
    def unpack(cls, packed: Float[np.ndarray, "n looks"]) -> "Look":
        """Reads what `pack` wrote."""
        n, numbers = packed.shape
        slots = (numbers - 6) // 4
        return cls(
            light=packed[:, :2],
            table_colour=packed[:, 2:5],
            table=packed[:, 5].astype(int),
            size=packed[:, 6 : 6 + slots],
            colour=packed[:, 6 + slots :].reshape(n, slots, 3),
        )


class LookSpread(NamedTuple):
    """How far looks are drawn from the nominal one, each number uniformly from both sides.

    Args:
        size: largest log factor of a size.
        colour: largest log factor of a colour, each channel for itself.
        light_turn: largest turn of the lights, in radians.
        brightness: largest log factor of the brightness.
        table_colour: largest log factor of the table's colour.
        tables: which of the table materials, each as likely.
    """

    size: float = 0.15
    colour: float = 0.3
    light_turn: float = 0.0
    brightness: float = 0.0
    table_colour: float = 0.0
    tables: tuple[int, ...] = (0,)


def draw_looks(n: int, n_slots: int, spread: LookSpread, rng: np.random.Generator) -> Look:
    """Looks of scenes.

    Args:
        n: the number of scenes.
        n_slots: slots of a scene.
        spread: how far from nominal.
        rng: draws them.

    Source: Eslami et al. 2016, section 3.2 ("random color and size perturbations"); the ranges are
    ours.
    """

    def uniform(most: float, *shape: int) -> np.ndarray:
        return most * rng.uniform(-1.0, 1.0, (n, *shape))

    return Look(
        size=uniform(spread.size, n_slots),
        colour=uniform(spread.colour, n_slots, 3),
        light=np.concatenate([uniform(spread.light_turn, 1), uniform(spread.brightness, 1)], 1),
        table_colour=uniform(spread.table_colour, 3),
        table=rng.choice(np.array(spread.tables), n),
    )
