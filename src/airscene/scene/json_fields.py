"""Fields of dataclasses as JSON holds them: what is missing or wrong is refused in one line."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar

import numpy as np

from airscene.errors import InputError

_KIND_NAMES = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}
_WORDS = {2: "two", 4: "four"}

AnyKept = TypeVar("AnyKept", bound="Kept")


@dataclass(frozen=True)
class Form:
    """How JSON holds a field.

    Args:
        read: makes the value, or refuses it; takes the object, the name of the field and, for
            messages, the object's place. None if it follows from the other fields.
        write: makes JSON of the value.
        optional: whether it is left out where it is None or empty.
    """

    read: Callable[[Any, str, str], Any] | None
    write: Callable[[Any], Any] = lambda value: value
    optional: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Kept:
    """A dataclass that JSON holds as an object: `forms` has its fields, in JSON's order."""

    forms: ClassVar[dict[str, Form]]

    def to_dict(self) -> dict[str, Any]:
        """What JSON says."""
        values = {name: (form, getattr(self, name)) for name, form in self.forms.items()}
        return {
            name: form.write(value)
            for name, (form, value) in values.items()
            if not (form.optional and value in (None, ()))
        }

    @classmethod
    def from_dict(cls: type[AnyKept], data: Any, where: str, **more: Any) -> AnyKept:
        """Makes one of what JSON says, and of what more there is.

        Raises:
            InputError: if it is no object, or a field is missing or of the wrong type; `where` is
                its place, for the message.
        """
        found = {
            name: form.read(data, name, where)
            for name, form in cls.forms.items()
            if form.read and not (form.optional and name not in data)
        }
        return cls(**found, **more)


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
    """A field of an object, of a type if one is given.

    Raises:
        InputError: if there is none, or it is of another type; `where` is the object's place.
    """
    if not isinstance(data, dict) or name not in data:
        raise InputError(f"{where} should be an object with the field '{name}'")
    # The exact type, as JSON's true and false would pass for ints.
    if kind is not None and type(data[name]) is not kind:
        raise InputError(f"{where}.{name} should be {_KIND_NAMES[kind]}")
    return data[name]


def number(decimals: int, unit: bool = False) -> Form:
    """A finite number, rounded; if `unit`, from 0 to 1."""

    def read(data: Any, name: str, where: str) -> float:
        value = _finite(field(data, name, where), f"{where}.{name}")
        if unit and not 0.0 <= value <= 1.0:
            raise InputError(f"{where}.{name} is {value}; it should be from 0 to 1")
        return value

    return Form(read, lambda value: rounded([value], decimals)[0])


def numbers(
    decimals: int,
    names: tuple[str, ...] = (),
    unit: str = "",
    make: Callable[[list[float]], Any] = tuple,
    optional: bool = False,
) -> Form:
    """A list of finite numbers, rounded: one for each of the names, or of any length."""

    def read(data: Any, name: str, where: str) -> Any:
        values = field(data, name, where, list)
        found = [_finite(value, f"{where}.{name}[{i}]") for i, value in enumerate(values)]
        if names and len(found) != len(names):
            wanted = f"{_WORDS[len(names)]} numbers, [{', '.join(names)}]{unit}"
            raise InputError(f"{where}.{name} should be {wanted}")
        return make(found)

    return Form(read, partial(rounded, decimals=decimals), optional)


def wholes(names: tuple[str, ...] = ()) -> Form:
    """A list of whole numbers of at least 0: one for each of the names, or of any length."""

    def read(data: Any, name: str, where: str) -> tuple[int, ...]:
        found = field(data, name, where, list)
        if names and len(found) != len(names):
            wanted = f"{_WORDS[len(names)]} whole numbers, [{', '.join(names)}]"
            raise InputError(f"{where}.{name} should be {wanted}")
        for i, value in enumerate(found):
            if type(value) is not int or value < 0:
                raise InputError(f"{where}.{name}[{i}] should be a whole number of at least 0")
        return tuple(found)

    return Form(read, lambda values: [int(value) for value in values])


def part(kind: type[Kept]) -> Form:
    """One object of a kind, if there is any."""

    def read(data: Any, name: str, where: str) -> Kept:
        return kind.from_dict(field(data, name, where), f"{where}.{name}")

    return Form(read, lambda thing: thing.to_dict(), optional=True)


def objects(kind: type[Kept]) -> Form:
    """A list of objects of a kind, as many as the field `count` says."""

    def read(data: Any, name: str, where: str) -> tuple[Kept, ...]:
        found = field(data, name, where, list)
        count = field(data, "count", where, int)
        if count != len(found):
            raise InputError(f"{where}.count is {count}, but it has {len(found)} object(s)")
        return tuple(kind.from_dict(d, f"{where}.{name}[{i}]") for i, d in enumerate(found))

    return Form(read, lambda things: [thing.to_dict() for thing in things])


def rounded(values: Sequence[float] | np.ndarray, decimals: int) -> list[float]:
    """Numbers as they are written, to so many decimals."""
    # Adding 0.0 turns -0.0 into 0.0.
    return [round(float(value), decimals) + 0.0 for value in values]


def _size(data: Any, name: str, where: str) -> tuple[int, int]:
    sides = field(data, name, where, list)
    if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
        raise InputError(f"{where}.{name} should be two whole numbers, [height, width]")
    height, width = sides
    return height, width


TEXT, YES_OR_NO = Form(partial(field, kind=str)), Form(partial(field, kind=bool))
# Height and width in pixels.
SIZE, SIZE_IF_ANY = Form(_size), Form(_size, optional=True)
# The number of a draw from the posterior.
SAMPLE = Form(partial(field, kind=int), optional=True)
COUNT = Form(None)
array = partial(numbers, make=partial(np.array, dtype=float))


def _finite(value: Any, where: str) -> float:
    # The bound keeps out NaN, Infinity and whole numbers too large for a float.
    if type(value) not in (int, float) or not abs(value) < 1e300:
        raise InputError(f"{where} should be a finite number")
    return float(value)
