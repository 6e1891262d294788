"""A result of the paper: the rows that it is made of, what they should reach, how it is shown."""

import re
import statistics
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import floor, inf, log10
from pathlib import Path
from typing import Any

from airscene.runs.identity import Identity, identity, identity_in

Row = Mapping[str, Any]
Rows = Sequence[Row]


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
    make: Callable[[Path], Row]
    number: int = 1

    @property
    def identity(self) -> Identity:
        """What tells the row from those of other recipes, seeds and configurations."""
        return identity(self.run, self.seed, self.configuration, number=self.number)

    def is_of(self, row: Row) -> bool:
        """Whether a row of a result file is this unit's."""
        # First what is quick: an identity takes milliseconds, and rows are held against all units.
        if (row["run"], row["seed"]) != (self.run, self.seed):
            return False
        found = identity_in(
            row, self.configuration, recipe=row["run"], seed=row["seed"], whole=row["configuration"]
        )
        return found == self.identity


@dataclass(frozen=True)
class Claim:
    """A number of a result: what the paper says of it, and what it should reach.

    Args:
        what: What is claimed, short.
        run: Name of the rows that have the number.
        key: Name of the number in these rows.
        style: How to write it.
        paper: The paper's figure, short.
        at_least: The lowest value that meets the aim, if any.
        at_most: The highest value that meets the aim, if any.
        worst: Whether every run should reach the aim, where otherwise their median should.
        of: Makes the number of all rows of the result, where it is not of one name: with its
            standard error if it has one; None if the rows that it needs are not there. `key` may
            say which number of the rows it is made of.
        front: Whether it stands in the README too.
    """

    what: str
    run: str = ""
    key: str = ""
    style: str = "{:.2%}"
    paper: str = "not in the paper"
    at_least: float | None = None
    at_most: float | None = None
    worst: bool = False
    of: Callable[[Rows], float | tuple[float, float] | None] | None = None
    front: bool = False

    @property
    def said(self) -> str:
        """The claim and its aim, in words."""
        every = " in every run" if self.worst else ""
        for most, aim in (("at least", self.at_least), ("at most", self.at_most)):
            if aim is not None:
                return f"{self.what}; aim: {most} {self.style.format(aim)}{every}"
        return self.what

    def ours(self, rows: Rows) -> str:
        """Say what rows of the result reached: `99.50% (98.50 to 99.59%, 20 runs)`."""
        if self.of is None:
            mine = of_run(rows, self.run)
            return spread(mine, self.key, self.style) if mine else "not made"
        found = self.of(rows)
        if found is None:
            return "not made"
        return with_error(*found) if isinstance(found, tuple) else written(found, self.style)

    def verdict(self, rows: Rows) -> str:
        """Say whether rows of the result, failed ones among them, reached the aim.

        It is "met", "missed by ...", "missed, ..." where no number says by how much, "no aim" or
        "not made".
        """
        if self.of is None:
            mine = of_run(rows, self.run)
            reached = numbers(mine, self.key)
        else:
            mine, found = rows, self.of(rows)
            reached = [] if found is None else [found[0] if isinstance(found, tuple) else found]
        if not mine or (self.of and not reached):
            return "not made"
        aim = self.at_most if self.at_least is None else self.at_least
        if aim is None:
            return "no aim"
        failed = sum(not row["finished"] for row in mine) if self.of is None else 0
        if not reached:
            return f"missed, {len(mine)} of {len(mine)} runs without it"
        # What failed has no worst value, unless `numbers` knows one.
        if self.worst and failed and len(reached) < len(mine):
            return f"missed, {failed} of {len(mine)} runs failed"
        worst = max(reached) if self.at_least is None else min(reached)
        value = worst if self.worst else statistics.median(reached)
        short = value - aim if self.at_least is None else aim - value
        if short <= 0:
            return "met"
        return "missed, never reached" if short == inf else f"missed by {self.style.format(short)}"


@dataclass(frozen=True)
class Result:
    """A result of the paper, or of this implementation beside it.

    Args:
        name: Its name, of the command, of the file and of its figures.
        about: What it shows, and how.
        units: What its rows are made by.
        claims: What the paper says of it, and what it should reach.
        draw: Draws its figures: called with the finished rows, the folder of all runs and the
            folder of the figures.
    """

    name: str
    about: str
    units: tuple[Unit, ...]
    claims: tuple[Claim, ...]
    draw: Callable[[Rows, Path, Path], None]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))


def described(
    name: str,
    units: Sequence[Unit],
    draw: Callable[[Rows, Path, Path], None],
    of: Mapping[str, Callable[[Rows], Any]] | None = None,
    **words: Any,
) -> Result:
    """Return a result whose description and claims are in `claims.toml`.

    Args:
        name: Its name, there too.
        units: What its rows are made by.
        draw: Draws its figures.
        of: Functions that make the numbers of claims, by what the claims call them.
        words: What is filled in its description.
    """
    said = _table()[name]
    claims = []
    for claim in said["claims"]:
        values = dict(claim)
        if others := values.pop("ahead_of", None):
            values["of"] = partial(lead, values.pop("run"), others, values["key"])
        elif "of" in values:
            values["of"] = (of or {})[values["of"]]
        claims.append(Claim(**values))
    return Result(name, said["about"].format(**words), tuple(units), tuple(claims), draw)


def of_run(rows: Rows, run: str) -> list[Row]:
    """Return the rows of one name, failed ones among them."""
    return [row for row in rows if row["run"] == run]


def numbers(rows: Rows, key: str) -> list[float | int]:
    """Return a number of rows of one name: the one rule of what a row that failed counts as.

    A run that failed counted nothing right, so its count accuracy is 0; one that failed or never
    counted 98% right was slower at it than any that did. Other numbers have no such worst value,
    and are those of the rows that have them, if any.
    """
    values = [row[key] for row in rows if row["finished"] and row.get(key) is not None]
    if values and key.endswith("count_accuracy"):
        values += [0.0] * sum(not row["finished"] for row in rows)
    elif key == "seconds_to_98" and any(row["finished"] for row in rows):
        values += [inf] * (len(rows) - len(values))
    return values


def lead(ours: str, others: Sequence[str], key: str, rows: Rows) -> float | None:
    """Return how far the median of a number, of rows of a name, is ahead of the best of others.

    It is negative if it is behind; None if rows of one name have no such number.
    """
    first, *rest = (numbers(of_run(rows, run), key) for run in (ours, *others))
    if not first or not all(rest):
        return None
    return statistics.median(first) - max(map(statistics.median, rest))


def spread(rows: Rows, key: str, style: str = "{:.1%}") -> str:
    """Return a number of rows of one name, as `numbers` takes it, as text.

    Its median, its range, and of how many runs, of which how many failed or lack it.
    For instance `99.1% (98.7 to 99.4%, 3 runs)`.
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
        least, most = (written(value, style) for value in (min(values), max(values)))
        # The unit is said once.
        unit = re.search(r"\D*$", most)
        said.insert(0, f"{least.removesuffix(unit[0])} to {most}" if unit else f"{least} to {most}")
    return f"{written(statistics.median(values), style)} ({', '.join(said)})"


def with_error(value: float, error: float) -> str:
    """Return a value and its standard error as text, to the digits that mean something."""
    if abs(value) >= 1e6:
        power = floor(log10(abs(value)))
        value, error = value / 10**power, error / 10**power
        return f"({value:.2g} ± {error:.1g}) x 10^{power}"
    digits = max(0, 1 - floor(log10(error))) if error > 0 else 1
    return f"{value:,.{digits}f} ± {error:,.{digits}f}"


def written(value: float | int, style: str) -> str:
    """Return a number as text; what was never reached is infinite."""
    return "never" if value == inf else style.format(value)
