"""A row of `make bench`."""

from typing import Any

Row = dict[str, Any]


def bench_row(what: str, value: float, unit: str, floor: str = "", at: float | None = None) -> Row:
    """Return a figure, and the floor that it is measured against, if there is one.

    Args:
        what: What was measured.
        value: The figure.
        unit: Its unit.
        floor: What it is measured against.
        at: The figure of that.
    """
    row = {"what": what, "value": float(f"{value:.3g}"), "unit": unit}
    if at is not None:
        row |= {"floor": floor, "floor_value": float(f"{at:.3g}"), "ratio": round(value / at, 2)}
    return row
