"""Reproducing results: their rows, one after the other, into `results/NAME.json`."""

import json
import multiprocessing
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.errors import INTERRUPTED, InputError
from airscene.experiments.result import Result, Unit
from airscene.experiments.trained import REACHED
from airscene.files import write_atomic
from airscene.training.loop import Interrupted


def reproduce(
    result: Result, command: str, results: Path, runs: Path, figures: Path, console: Console
) -> dict[str, Any]:
    """Make every row of a result that is not made yet; write the result's file and figures.

    Each row is made by a process of its own, so that its seconds include compilation. Rows that
    are in the result's file already, made with the same configuration, are kept; what was
    interrupted is resumed. A row that failed is recorded as such, and tried again the next time.

    Args:
        result: What to reproduce.
        command: The command line that does, for the file.
        results: Folder of the result files.
        runs: Folder of the run folders.
        figures: Folder of the figures.
        console: Where progress is shown.

    Returns:
        What the file holds.

    Raises:
        InputError: If a run of another configuration is in the way.
    """
    path = results / f"{result.name}.json"
    before = _rows_before(path)
    rows = []
    for unit in result.units:
        made_before = (r for r in before if (r["run"], r["seed"]) == (unit.run, unit.seed))
        row = next((r for r in made_before if r["finished"]), None)
        if row is None or row["configuration"] != unit.configuration:
            console.print(f"{result.name}: {unit.run}, seed {unit.seed}")
            row = _make(unit, runs, runs / "rows" / result.name)
            status = "" if row["finished"] else f", exit status {row['exit_status']}: failed"
            console.print(f"  {row['duration']:,.0f} s{status}")
        rows.append(row)
        file = {
            "result": result.name,
            "about": result.about,
            "targets": result.targets,
            "command": command,
            "commit": commit(),
            "machine": machine(),
            "runs": rows,
            "summary": summary(rows),
        }
        write_atomic(path, (json.dumps(file, indent=1) + "\n").encode())
    finished = [row for row in rows if row["finished"]]
    if finished:
        result.draw(finished, runs, figures)
    return file


def _rows_before(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text())["runs"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no result file ({error!r}); move it away") from error


def _work(unit: Unit, runs: Path, out: Path) -> None:
    """What the process of a row does: bad input is one line, and no traceback."""
    try:
        write_atomic(out, json.dumps(unit.make(runs)).encode())
    except InputError as error:
        print(f"airscene: {error}", file=sys.stderr)
        sys.exit(2)
    except (Interrupted, KeyboardInterrupt):
        sys.exit(INTERRUPTED)


def _make(unit: Unit, runs: Path, rows: Path) -> dict[str, Any]:
    """Make one row in a process of its own."""
    out = rows / f"{unit.run}-{unit.seed}.json"
    began = time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(unit, runs, out))
    process.start()
    try:
        process.join()
    except KeyboardInterrupt:
        process.join()
    if process.exitcode in (INTERRUPTED, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL):
        raise KeyboardInterrupt(f"stopped at {unit.run}, {unit.seed}; the same command goes on")
    finished = process.exitcode == 0
    row = {
        "run": unit.run,
        "seed": unit.seed,
        "commit": commit(),
        "finished": finished,
        "configuration": unit.configuration,
        "duration": round(time.perf_counter() - began, 1),
    }
    if not finished:
        # Whatever the folder holds is of an earlier call, and not this row's.
        return {**row, "exit_status": process.exitcode}
    return {**row, **json.loads(out.read_text())}


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Median, least and largest of the numbers of the rows, grouped by name.

    Args:
        rows: Rows of a result, failed ones among them.

    Returns:
        For each name: how many runs, how many finished, and the spread of each number.
    """
    groups: dict[str, Any] = {}
    for name in dict.fromkeys(row["run"] for row in rows):
        group = [row for row in rows if row["run"] == name]
        done = [row for row in group if row["finished"]]
        spread = {}
        for key in ("count_accuracy", "elbo", "log_px", "average_precision", "mean_iou", "seconds"):
            values = [row[key] for row in done if row.get(key) is not None]
            if values and key == "count_accuracy":
                # A run that failed counted nothing right.
                values += [0.0] * (len(group) - len(done))
            if values:
                spread[key] = {
                    "median": statistics.median(values),
                    "min": min(values),
                    "max": max(values),
                }
        # A run that failed or never got there counts as slower than any that did.
        times = [row.get("seconds_to_98") or float("inf") for row in group]
        median = statistics.median(times)
        groups[name] = {
            "runs": len(group),
            "finished": len(done),
            "at_or_above_98": sum(row.get("count_accuracy", 0.0) >= REACHED for row in done),
            "median_seconds_to_98": median if median < float("inf") else None,
            **spread,
        }
    return groups


def commit() -> str:
    """The commit of the sources, marked where they differ from it."""
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return "unknown"
    return done.stdout.strip() or "unknown"


def machine() -> str:
    """The machine, in a line, for result files."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.open() if "model name" in line]
        model = names[0] if names else model
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )
