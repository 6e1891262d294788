"""Changing a preset's values by name."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from airscene.errors import InputError

AnyPreset = TypeVar("AnyPreset")


def override_parts(preset: AnyPreset, parts: tuple[str, ...], values: dict[str, Any]) -> AnyPreset:
    """Change fields of a preset's parts, by name.

    Args:
        preset: The preset, a frozen dataclass.
        parts: Names of its fields that are frozen dataclasses themselves.
        values: New values, for instance `{"steps": 500, "presence": 0.3}`.

    Returns:
        The changed preset.

    Raises:
        InputError: If no part has such a field, or a value is out of range.
    """
    known = {f.name: name for name in parts for f in fields(getattr(preset, name))}
    for value in values:
        if value not in known:
            kinds = [type(getattr(preset, name)).__name__ for name in parts]
            raise InputError(
                f"no experiment has an option {value!r}; the fields of "
                f"{', '.join(kinds[:-1])} and {kinds[-1]} are options"
            )
    changed = {
        name: replace(
            getattr(preset, name), **{k: v for k, v in values.items() if known[k] == name}
        )
        for name in parts
    }
    return replace(preset, **changed)
