"""The tables of results in documents, written from the files in `results/`."""

import json
import re
from pathlib import Path
from typing import Any

from airscene.files import write_atomic

_MARK = "<!-- results: make tables -->"
_END = "<!-- end of results -->"


def results_table(results: Path) -> str:
    """A Markdown table of every result, one row a preset, all runs counted.

    Args:
        results: Folder of the result files.

    Returns:
        The table, and which file each row comes from.
    """
    lines = [
        "| run | seeds | counts, median (worst) | ELBO | log p(x) | AP at IoU 0.5 | 98% after | "
        "training | made by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(results.glob("*.json"), key=lambda path: path.stem):
        file = json.loads(path.read_text())
        if "summary" not in file:
            continue
        for name, group in file["summary"].items():
            lines.append(_row(f"[{name}](results/{path.name})", group, file["command"]))
    return "\n".join(lines)


def speed_table(results: Path) -> str:
    """A Markdown table of the figures of `make bench`.

    Args:
        results: Folder of the result files.

    Returns:
        The table; nothing if there is no `bench.json`.
    """
    path = results / "bench.json"
    if not path.exists():
        return ""
    lines = ["| [speed](results/bench.json) | | floor | ratio |", "|---|---|---|---|"]
    for row in json.loads(path.read_text())["rows"]:
        floor = f"{row['floor']}: {row['floor_value']:g}" if "floor" in row else ""
        ratio = row.get("ratio", "")
        lines.append(f"| {row['what']} | {row['value']:,g} {row['unit']} | {floor} | {ratio} |")
    return "\n".join(lines)


def _row(name: str, group: dict[str, Any], command: str) -> str:
    if not group["finished"]:
        return f"| {name} | 0 of {group['runs']} finished | | | | | | | `{command}` |"
    counts, reached = group["count_accuracy"], group["median_seconds_to_98"]
    seeds = f"{group['runs']}"
    if group["finished"] < group["runs"]:
        seeds += f" ({group['runs'] - group['finished']} failed)"
    return (
        f"| {name} | {seeds} | {counts['median']:.2%} ({counts['min']:.2%}) "
        f"| {group['elbo']['median']:.1f} | {group['log_px']['median']:.1f} "
        f"| {group['average_precision']['median']:.3f} "
        f"| {f'{reached:.0f} s' if reached else 'not reached'} "
        f"| {group['seconds']['median']:.0f} s | `{command}` |"
    )


def main() -> None:
    """Write the tables anew in the README."""
    path, results = Path("README.md"), Path("results")
    table = f"{_MARK}\n\n{results_table(results)}\n\n{speed_table(results)}\n\n{_END}"
    pattern = f"{re.escape(_MARK)}.*?{re.escape(_END)}"
    new = re.sub(pattern, lambda _: table, path.read_text(), flags=re.DOTALL)
    write_atomic(path, new.encode())


if __name__ == "__main__":
    main()
