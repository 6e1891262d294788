"""Options of the command line, made of configurations."""

from collections.abc import Collection, Sequence
from dataclasses import field, fields, make_dataclass
from typing import Any, get_type_hints

import tyro

from airscene.schema import RENAMES

# Old spellings of options, which are taken for one release: `--price` for `--count-penalty`.
OLD_SPELLINGS = {
    f"--{old.replace('_', '-')}": f"--{new.replace('_', '-')}"
    for table in RENAMES.values()
    for old, new in table.items()
    # These fields were never options.
    if old not in ("experiment", "posterior")
}


# Options whose names are no names of fields in Python.
SPELLINGS = {"--from": "--from-run"}


def options_of(config: Any, unused: Collection[str] = ()) -> Any:
    """Return a configuration as tyro takes it: of a class that hides what is no option.

    What is hidden is not in the help; where it is given, the configuration says why it is wrong.

    Args:
        config: The configuration, whose values are the defaults; or its class.
        unused: Names of fields that do nothing in it.
    """
    kind, parts = config if isinstance(config, type) else type(config), []
    hints = get_type_hints(kind)
    for option in fields(kind):
        hidden = option.name in unused or not option.metadata.get("option", True)
        hint = hints[option.name]
        default = getattr(config, option.name, option.default)
        again = field(default=default, metadata=option.metadata)
        parts.append((option.name, tyro.conf.Suppress[hint] if hidden else hint, again))
    hiding = make_dataclass(kind.__name__, parts, bases=(kind,), frozen=True)
    hiding.__doc__ = kind.__doc__
    return hiding if config is kind else hiding(**vars(config))


def config_of(options: Any) -> Any:
    """Return the configuration that options say: the inverse of `options_of`."""
    return type(options).__bases__[0](**vars(options))


def present_spelling(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return arguments with options by their present names, and a line for each that was not."""
    found, said = [], []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        name = SPELLINGS.get(name, name)
        new = OLD_SPELLINGS.get(name.replace("_", "-"), name)
        if new != name and name.startswith("--"):
            said.append(f"{name} is called {new} now; the old name is taken until the next release")
        found.append(new + equals + value)
    return found, said
