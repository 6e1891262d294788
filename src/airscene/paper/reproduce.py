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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.errors import INTERRUPTED, InputError
from airscene.files import check_writable, write_atomic
from airscene.paper.result import Result, Unit, numbers
from airscene.paper.trained import REACHED
from airscene.runs.folder import InTheWay
from airscene.schema import whole
from airscene.training.loop import Interrupted

# Exit status of the process of a row whose folder is in the way: nothing has failed.
_IN_THE_WAY = 3
# Windows has no SIGKILL.
_STOPPED = (INTERRUPTED, -signal.SIGINT, -signal.SIGTERM, -getattr(signal, "SIGKILL", 9))


def reproduce(
    result: Result, command: str, results: Path, runs: Path, figures: Path, console: Console
) -> list[dict[str, Any]]:
    """Make every row of a result that is not made yet; write the result's file and figures.

    Each row is made by a process of its own, so that its seconds include compilation. Rows that
    are in the result's file already, made with the same configuration, are kept; what was
    interrupted is resumed. A row that failed is recorded as such, and tried again the next time.
    The file is written after each row; where there is none to make, it stays as it is.

    Args:
        result: What to reproduce.
        command: The command line that does, for the file.
        results: Folder of the result files.
        runs: Folder of the run folders.
        figures: Folder of the figures.
        console: Where progress is shown.

    Returns:
        The rows, in the order of the result's units.

    Raises:
        InputError: If a folder or the result's file is unusable, or another run is in the way.
        KeyboardInterrupt: If SIGINT or SIGTERM came; the process of the row has ended then.
    """
    for folder in (results, runs, figures):
        _make_folder(folder)
    path = results / f"{result.name}.json"
    before = _rows_before(path)
    # Rows of the units still to come stay in the file while others are made.
    rows = {}
    for i, unit in enumerate(result.units):
        if ours := [row for row in before if unit.is_of(row)]:
            rows[i] = max(ours, key=lambda row: bool(row["finished"]))
    if n_kept := sum(row["finished"] for row in rows.values()):
        console.print(
            f"{result.name}: {n_kept} of {len(result.units)} rows are in {path} already; "
            "a new --out FOLDER makes them anew"
        )
    for i, unit in enumerate(result.units):
        if i in rows and rows[i]["finished"]:
            continue
        console.print(f"{result.name}: {unit.run}, seed {unit.seed}")
        row, stopped = _make(unit, runs, runs / "rows" / result.name)
        if row:
            status = "" if row["finished"] else f", exit status {row['exit_status']}: failed"
            console.print(f"  {row['duration']:,.0f} s{status}")
            rows[i] = row
            every = [rows[k] for k in sorted(rows)]
            file = {"result": result.name, "about": result.about, "command": command}
            file |= {"runs": every, "summary": summary(every)}
            write_atomic(path, (json.dumps(file, indent=1) + "\n").encode())
        if stopped:
            raise KeyboardInterrupt(f"stopped at {unit.run}, {unit.seed}; the same command goes on")
    made = [rows[k] for k in sorted(rows)]
    if finished := [row for row in made if row["finished"]]:
        try:
            # What stands in a file may have been made by hand.
            for claim in result.claims:
                claim.ours(finished)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"a row in {path} lacks its numbers ({type(error).__name__}: {error}); move the "
                "file away, and the same command makes it anew"
            ) from error
        result.draw(finished, runs, figures)
    return made


def _make_folder(folder: Path) -> None:
    check_writable(folder)
    try:
        # Root may write everywhere, yet make nothing in /proc.
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {folder} ({error.strerror}); give another --out") from error


def _rows_before(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a result's file, each with its machine."""
    if not path.exists():
        return []
    try:
        file = json.loads(path.read_text())
        if not isinstance(file["runs"], list):
            raise TypeError("its runs are no list")
        for row in file["runs"]:
            _ = row["run"], row["seed"], row["finished"], row["configuration"]
            # Older files name the machine once, for all of their rows.
            if "machine" in file:
                row.setdefault("machine", file["machine"])
        return file["runs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no result file ({type(error).__name__}: {error}); move it away"
        ) from error


def _work(unit: Unit, runs: Path, out: Path) -> None:
    """What the process of a row does: bad input is one line, and no traceback."""

    def heed(handler: Callable[..., None]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        heed(ignore)
        raise KeyboardInterrupt

    def ignore(*_: object) -> None:
        """Not SIG_IGN: Python complains of it where a signal came just before."""

    # While a model trains, its loop has handlers of its own, which save the state.
    heed(stop)
    try:
        write_atomic(out, json.dumps(unit.make(runs)).encode())
    except InTheWay as error:
        # For the parent to say.
        write_atomic(out, json.dumps(str(error)).encode())
        sys.exit(_IN_THE_WAY)
    except InputError as error:
        print(f"airscene: {error}", file=sys.stderr)
        sys.exit(2)
    except (Interrupted, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    finally:
        # Signals come twice, and the second not before the interpreter cleans up.
        heed(ignore)


def _run_process(unit: Unit, runs: Path, out: Path) -> tuple[int | None, bool]:
    """Make a row in a process of its own; return its exit status, and whether it was to stop."""
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(unit, runs, out))
    stopping = []

    def stop(*_: object) -> None:
        stopping.append(True)
        # The process may be still to start.
        if process.pid:
            process.terminate()

    handlers = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        process.start()
        while process.is_alive():
            process.join(timeout=5.0)
            # Again, as a training that was at its end does not heed the signal.
            if stopping:
                process.terminate()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return process.exitcode, bool(stopping) or process.exitcode in _STOPPED


def _make(unit: Unit, runs: Path, rows: Path) -> tuple[dict[str, Any] | None, bool]:
    """Make one row; return it, if it was not stopped before its end, and whether it was to stop."""
    out = rows / f"{unit.run}-{unit.seed}.json"
    # Before, as the sources may be changed while it is made.
    sources = commit()
    began = time.perf_counter()
    status, stopped = _run_process(unit, runs, out)
    if status == _IN_THE_WAY:
        raise InputError(json.loads(out.read_text()))
    if stopped and status != 0:
        return None, True
    row = {
        "run": unit.run,
        "seed": unit.seed,
        "commit": sources,
        "machine": machine(),
        "finished": status == 0,
        "identity": unit.identity,
        "configuration": whole(unit.configuration),
        "duration": round(time.perf_counter() - began, 1),
    }
    if status != 0:
        # Whatever the folder holds is of an earlier call, and not this row's.
        return {**row, "exit_status": status}, False
    return {**row, **json.loads(out.read_text())}, stopped


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the spread of each number of rows, grouped by name, and how many of them finished."""
    groups: dict[str, Any] = {}
    for name in dict.fromkeys(row["run"] for row in rows):
        group = [row for row in rows if row["run"] == name]
        done = [row for row in group if row["finished"]]
        spread = {}
        for key in ("count_accuracy", "elbo", "log_px", "average_precision", "mean_iou", "seconds"):
            if values := numbers(group, key):
                median = statistics.median(values)
                spread[key] = {"median": median, "min": min(values), "max": max(values)}
        times = numbers(group, "seconds_to_98")
        median = statistics.median(times) if times else float("inf")
        groups[name] = {
            "runs": len(group),
            "finished": len(done),
            "at_or_above_98": sum(row.get("count_accuracy", 0.0) >= REACHED for row in done),
            "median_seconds_to_98": median if median < float("inf") else None,
            **spread,
        }
    return groups


def commit() -> str:
    """The commit of the sources, marked where they differ from it.

    The rows and figures that a result has written so far are no sources. Unknown where the sources
    are no part of a repository: an environment may lie inside another one.
    """
    here = Path(__file__)
    package = here.parents[1]

    def git(*arguments: str) -> subprocess.CompletedProcess:
        command = ["git", "-C", str(package), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        if git("ls-files", "--error-unmatch", str(here)).returncode != 0:
            return "unknown"
        named = git("rev-parse", "--short=12", "HEAD").stdout.strip()
        differs = git("status", "--porcelain", "--", ".").stdout.strip()
    except FileNotFoundError:  # no git
        return "unknown"
    return f"{named}-dirty" if named and differs else named or "unknown"


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
