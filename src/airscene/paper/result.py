"""A result of the paper: the rows that it is made of, what they should reach, how it is shown."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airscene.runs.identity import Identity, identity, identity_in

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Unit:
    """One row of a result: what is made in one go, in a process of its own.

    Args:
        run: What it is; rows of one name are seeds of the same.
        seed: Its seed.
        configuration: Everything that decides the row, as `airscene.schema` takes it: a row of
            another identity is made anew.
        make: Makes the row's numbers, ready for JSON; called with the folder of all runs. A
            function of a module or a partial of one, as another process calls it.
        number: The number of the row's protocol, raised when its behaviour changes.
    """

    run: str
    seed: int
    configuration: Any
    make: Callable[[Path], dict[str, Any]]
    number: int = 1

    @property
    def identity(self) -> Identity:
        """What tells the row from those of other recipes, seeds and configurations."""
        return identity(self.run, self.seed, self.configuration, number=self.number)

    def is_of(self, row: Row) -> bool:
        """Whether a row of a result file is this unit's."""
        found = identity_in(
            row, self.configuration, recipe=row["run"], seed=row["seed"], whole=row["configuration"]
        )
        return found == self.identity


@dataclass(frozen=True)
class Result:
    """A result of the paper, or of this implementation beside it.

    Args:
        name: Its name, of the command, of the file and of its figures.
        about: What it shows, in a line.
        paper: What the paper says of it, and where.
        targets: What it should reach, in words.
        units: What its rows are made by.
        ours: What the rows say, in a line to stand beside the paper's.
        draw: Draws its figures: called with the finished rows, the folder of all runs and the
            folder of the figures.
    """

    name: str
    about: str
    paper: str
    targets: str
    units: tuple[Unit, ...]
    ours: Callable[[Sequence[Row]], str]
    draw: Callable[[Sequence[Row], Path, Path], None]


def failures(rows: Sequence[Row]) -> list[str]:
    """Say how many rows failed, where any did."""
    failed = sum(not row["finished"] for row in rows)
    return [f"{failed} of {len(rows)} rows failed"] if failed else []


def of_run(rows: Sequence[Row], run: str) -> list[Row]:
    """Return the rows of one name, failed ones among them."""
    return [row for row in rows if row["run"] == run]


def numbers(rows: Sequence[Row], key: str) -> list[float | int]:
    """Return a number of several rows: the one rule of what a row that failed counts as.

    A run that failed counted nothing right, so its count accuracy is 0. Other numbers have no such
    worst value, and are those of the rows that have them.

    Args:
        rows: Rows of one name, failed ones among them.
        key: Name of the number.

    Returns:
        The numbers; none if no row has it.
    """
    values = [row[key] for row in rows if row["finished"] and row.get(key) is not None]
    if values and key.endswith("count_accuracy"):
        values += [0.0] * sum(not row["finished"] for row in rows)
    return values


def spread(rows: Sequence[Row], key: str, style: str = "{:.1%}") -> str:
    """Return a number of several rows as text: its median, its range, and of how many runs.

    Args:
        rows: Rows of one name. Of rows that failed, or that lack the number, it is said so.
        key: Name of the number, as `numbers` takes it.
        style: How to write it.

    Returns:
        For instance `99.1% (98.7% to 99.4%, 3 runs)`.
    """
    values = numbers(rows, key)
    failed = sum(not row["finished"] for row in rows)
    without = sum(row["finished"] and row.get(key) is None for row in rows)
    if not values:
        return f"none of {len(rows)} runs {'has it' if without else 'finished'}"
    lost = ((failed, "failed"), (without, "without it"))
    said = [f"{n} of {len(rows)} runs {word}" for n, word in lost if n]
    said = said or [f"{len(rows)} run{'s' if len(rows) > 1 else ''}"]
    if len(values) > 1:
        said.insert(0, f"{style.format(min(values))} to {style.format(max(values))}")
    return f"{style.format(statistics.median(values))} ({', '.join(said)})"
