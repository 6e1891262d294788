"""Reading and writing the fields of JSON: what is missing or wrong is refused in one line."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from airscene.errors import InputError

_KIND_NAMES = {str: "text", int: "a whole number", list: "a list"}


def parse(text: str) -> Any:
    """What JSON text says.

    Raises:
        InputError: if it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"scenes: not JSON ({error}); airscene infer writes it") from error


def field(data: Any, name: str, where: str, kind: type | None = None) -> Any:
    """A field of an object.

    Args:
        data: the object, if it is one.
        name: name of the field.
        where: the object's place, for the message.
        kind: its type; None for any.

    Raises:
        InputError: if there is none, or it is of another type.
    """
    if not isinstance(data, dict) or name not in data:
        raise InputError(f"{where} should be an object with the field '{name}'")
    # The exact type, as JSON's true and false would pass for ints.
    if kind is not None and type(data[name]) is not kind:
        raise InputError(f"{where}.{name} should be {_KIND_NAMES[kind]}")
    return data[name]


def number(data: Any, name: str, where: str) -> float:
    """A field that is a finite number.

    Raises:
        InputError: if it is not.
    """
    return _finite(field(data, name, where), f"{where}.{name}")


def numbers(data: Any, name: str, where: str) -> list[float]:
    """A field that is a list of finite numbers.

    Raises:
        InputError: if it is not.
    """
    values = field(data, name, where, list)
    return [_finite(value, f"{where}.{name}[{i}]") for i, value in enumerate(values)]


def _finite(value: Any, where: str) -> float:
    # The bound keeps out NaN, Infinity and whole numbers too large for a float.
    if type(value) not in (int, float) or not abs(value) < 1e300:
        raise InputError(f"{where} should be a finite number")
    return float(value)


def image_size(data: Any, where: str) -> tuple[int, int]:
    """The field `image_size`, (height, width) in pixels.

    Raises:
        InputError: if it is not two whole numbers above 0.
    """
    sides = field(data, "image_size", where, list)
    if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
        raise InputError(f"{where}.image_size should be two whole numbers, [height, width]")
    height, width = sides
    return height, width


def optional_sample(data: Any, where: str) -> int | None:
    """The field `sample`, the number of a draw from the posterior; None where there is none.

    Raises:
        InputError: if it is not a whole number.
    """
    return field(data, "sample", where, int) if "sample" in data else None


def objects(data: Any, where: str) -> list[tuple[Any, str]]:
    """The field `objects`, each with its place.

    Raises:
        InputError: if it is not a list of as many as the field `count` says.
    """
    found = field(data, "objects", where, list)
    count = field(data, "count", where, int)
    if count != len(found):
        raise InputError(f"{where}.count is {count}, but it has {len(found)} object(s)")
    return [(one, f"{where}.objects[{i}]") for i, one in enumerate(found)]


def rounded(values: Sequence[float] | np.ndarray, decimals: int) -> list[float]:
    """Numbers rounded for JSON."""
    # Adding 0.0 turns -0.0 into 0.0.
    return [round(float(value), decimals) + 0.0 for value in values]
