"""What a configuration says: renames of its fields, and where it differs from the defaults.

A configuration is a frozen dataclass; its fields are plain values or configurations. Files hold it
as JSON. Three rules keep old files valid:

- A field may be added if its default changes nothing: a file that lacks it means the default.
- A field may be renamed: `RENAMES` says so, and `SCHEMA` goes up. An old name is never used again.
- A default never changes. Another value is set where a preset is made (`tests/test_schema.py` holds
  the defaults).
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

# The number of the present names. Files without a number are of schema 1.
SCHEMA = 2

# For each schema, the fields that it renamed: old name, new name. The command line still takes the
# old spelling of an option for one release.
RENAMES: dict[int, dict[str, str]] = {
    2: {
        "experiment": "name",
        "price": "count_penalty",
        "price_release": "count_penalty_release",
        "explained": "explained_share",
        "n_look": "n_features",
        "posterior": "where_proposal",
        "cross": "cross_entropy",
    }
}

# Metadata of a descriptive field: files omit it, and it does not affect a run.
FOR_READERS = {"in_files": False}

# Metadata of a field that follows from something else: it is no option of the command line.
NO_OPTION = {"option": False}

Config = TypeVar("Config")


class Together:
    """Several configurations that JSON holds in one object.

    Args:
        parts: dataclasses, or mappings from names to values.
    """

    def __init__(self, *parts: Any):
        self.parts = parts


def whole(config: Any) -> Any:
    """Everything that a configuration says, as JSON holds it.

    Args:
        config: a dataclass, a `Together`, a mapping, a sequence or a plain value.
    """
    if isinstance(config, Together):
        return {k: v for part in config.parts for k, v in whole(part).items()}
    if is_dataclass(config):
        return {f.name: whole(getattr(config, f.name)) for f in _in_files(config)}
    if isinstance(config, Mapping):
        return {name: whole(value) for name, value in config.items()}
    if isinstance(config, list | tuple):
        return [whole(value) for value in config]
    return json.loads(json.dumps(config))


def changes(config: Any) -> Any:
    """What a configuration says where it differs from the defaults of its classes.

    Args:
        config: as for `whole`.
    """
    return reduced(config, whole(config))


def reduced(config: Any, said: Any, schema: int = SCHEMA) -> Any:
    """What JSON says where it differs from the defaults.

    Args:
        config: a configuration of the same form, whose classes say the defaults; its values are
            not looked at.
        said: JSON of `whole` or `changes`, any schema.
        schema: the number of that schema.
    """
    return _reduced(config, renamed(said, schema))


def _reduced(config: Any, said: Any) -> Any:
    if isinstance(config, Together) and isinstance(said, dict):
        # A name unknown to all parts goes to the first, and counts as a change.
        owner = {name: part for part in config.parts[::-1] for name in whole(part)}
        by_part: dict[int, dict[str, Any]] = {id(part): {} for part in config.parts}
        for name, value in said.items():
            by_part[id(owner.get(name, config.parts[0]))][name] = value
        return {k: v for p in config.parts for k, v in _reduced(p, by_part[id(p)]).items()}
    if is_dataclass(config):
        known = {f.name: f for f in _in_files(config)}
        if isinstance(said, list):  # as schema 1 had looks and hyper-parameters
            said = dict(zip(known, said, strict=False))
        if not isinstance(said, dict):
            return said
        found = {}
        for name, value in said.items():
            if name in known:
                value = _reduced(getattr(config, name), value)
                if value == {} or _is_default(known[name], value):
                    continue
            found[name] = value
        return found
    if isinstance(config, Mapping) and isinstance(said, dict):
        return {name: _reduced(config.get(name), value) for name, value in said.items()}
    if isinstance(config, list | tuple) and isinstance(said, list) and len(config) == len(said):
        return [_reduced(part, value) for part, value in zip(config, said, strict=True)]
    return said


def renamed(said: Any, schema: int) -> Any:
    """JSON of an older schema by the present names."""
    if isinstance(said, list):
        return [renamed(value, schema) for value in said]
    if not isinstance(said, dict):
        return said
    return {present_name(name, schema): renamed(value, schema) for name, value in said.items()}


def present_name(name: str, schema: int = 1) -> str:
    """The present name of a field that a schema had."""
    for number, table in sorted(RENAMES.items()):
        if number > schema:
            name = table.get(name, name)
    return name


def read(kind: type[Config], said: Any, schema: int = SCHEMA) -> Config:
    """Makes a configuration of JSON; what the JSON lacks has its default.

    Args:
        kind: the configuration's class.
        said: what a file says of it.
        schema: the number of the file's schema.

    Raises:
        TypeError: if the JSON has an unknown field, or lacks one without a default.
        ValueError: if a value is out of range.
    """
    said = renamed(said, schema)
    hints = get_type_hints(kind)
    if isinstance(said, list):
        said = dict(zip(hints, said, strict=False))
    if not isinstance(said, dict):
        raise TypeError(f"{said!r} is no object")
    return kind(**{name: _value(hints.get(name), value) for name, value in said.items()})


def _value(hint: Any, value: Any) -> Any:
    """A value of a field, made of JSON: configurations in it, and tuples for lists."""
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict | list):
            return read(kind, value)
    return tuple(_value(None, x) for x in value) if isinstance(value, list) else value


def _in_files(config: Any) -> list[Field]:
    return [f for f in fields(config) if f.metadata.get("in_files", True)]


def _is_default(field: Field, value: Any) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return default is not MISSING and whole(default) == value
