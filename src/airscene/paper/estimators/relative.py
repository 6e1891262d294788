"""Variances of the gradient in that of the exact expectation: as numbers, as claims, as bars."""

from collections.abc import Mapping
from math import hypot

from airscene.evaluation import Picture, bars
from airscene.paper.result import Row, Rows, of_run

Relative = dict[str, tuple[float, float]]


def relative(row: Row, key: str, cost: str | None = None) -> Relative:
    """Return the variance of each estimator, relative to that of the enumerated one.

    Those whose own error exceeds half of it are left out: a few rare samples decide them, and they
    could as well be a hundredth of what they are, or far more.

    Args:
        row: A row with `estimators`.
        key: Name of the variance.
        cost: Name of what the variance is multiplied by, if anything.

    Returns:
        For each estimator the ratio and its standard error.
    """
    separated = {
        name: each
        for name, each in row["estimators"].items()
        if 2.0 * each[f"{key}_error"] <= each[key]
    }
    if "enumerated" not in separated:
        return {}
    base = separated["enumerated"]
    found = {}
    for name, each in separated.items():
        price, base_price = (one[cost] if cost else 1.0 for one in (each, base))
        ratio = each[key] * price / (base[key] * base_price)
        error = ratio * hypot(each[f"{key}_error"] / each[key], base[f"{key}_error"] / base[key])
        found[name] = (ratio, 0.0 if each is base else error)
    return found


def relative_of(
    run: str, name: str, key: str, cost: str | None, rows: Rows
) -> tuple[float, float] | None:
    """Return what `relative` does of one estimator, in the finished row of a name, if it can."""
    row = next((row for row in of_run(rows, run) if row["finished"]), None)
    return relative(row, key, cost).get(name) if row else None


def variance_bars(groups: Mapping[str, Relative], label: str) -> Picture:
    """Draw relative variances, with their standard errors."""
    values = {g: {name: [v] for name, (v, _) in each.items()} for g, each in groups.items()}
    errors = {g: {name: error for name, (_, error) in each.items()} for g, each in groups.items()}
    return bars(values, label, errors=errors, log=True)
