"""What models refuse: counts that they cannot draw, worlds that are not theirs."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from jaxtyping import Shaped

from airscene.errors import InputError
from airscene.graphics import World
from airscene.inference.worlds import world_name
from airscene.inverse.config import InverseConfig


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


def check_world(c: InverseConfig, world: World, name: str) -> None:
    """Refuse a world that the networks of a model are not of.

    Raises:
        InputError: If its types, slots, camera or images are others.
    """
    ours = (c.n_types, c.n_slots, c.n_cameras)
    theirs = (len(world.types), world.n_slots, int(world.orbit > 0.0))
    if ours != theirs:
        raise InputError(
            f"{name} is of {ours[0]} types, {ours[1]} slots and {ours[2]} camera numbers; the "
            f"world {world_name(world)!r} has {theirs[0]}, {theirs[1]} and {theirs[2]}"
        )
    sides = zip(world.image_size, c.image_shape[1:], strict=True)
    factors = {divmod(side, small) for side, small in sides}
    if len(factors) > 1 or any(times < 1 or rest for times, rest in factors):
        height, width = c.image_shape[1:]
        raise InputError(
            f"{name} sees images of {height}x{width} pixels; those of the world "
            f"{world_name(world)!r}, of {world.image_size[0]}x{world.image_size[1]}, do not "
            "shrink to that"
        )
