"""Reproducing results: runs over seeds, one after the other, into `results/NAME.json`."""

import json
import multiprocessing
import os
import platform
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from airscene.errors import INTERRUPTED, InputError
from airscene.experiments.pictures import draw_seeds
from airscene.experiments.preset import Preset
from airscene.experiments.result import Result
from airscene.experiments.run import fit
from airscene.files import write_atomic
from airscene.training.loop import Interrupted
from airscene.training.record import read_metrics

# Count accuracy whose time is reported, on the held-out scenes counted while training.
REACHED = 0.98

# Figures of the first run of each preset that documents may show.
SHOWN = ("reconstructions.png", "samples.png", "learning.gif")


def reproduce(
    result: Result, results: Path, runs: Path, figures: Path, console: Console
) -> dict[str, Any]:
    """Make every run of a result that is not made yet; write the result's file and figures.

    Each run is a process of its own, so that its seconds include compilation. Runs that are in the
    result's file already, made with the same configuration, are kept; one that was interrupted is
    resumed. A run that failed is recorded as such, and tried again the next time.

    Args:
        result: What to reproduce.
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
    made: dict[str, dict[int, Path]] = {}
    for preset, seed in result.runs:
        preset = preset.override(seed=seed)
        made_before = (r for r in before if r["run"] == preset.name and r["seed"] == seed)
        row = next((r for r in made_before if r["finished"]), None)
        folder = runs / result.name / f"{preset.name}-{seed}"
        if row is None or row["configuration"] != preset.config():
            console.print(f"{result.name}: {preset.name}, seed {seed}")
            row = _run(preset, seed, folder)
            console.print(_line(row))
        if (folder / "model.safetensors").is_file():
            made.setdefault(preset.name, {})[seed] = folder
        rows.append(row)
        file = {
            "result": result.name,
            "about": result.about,
            "targets": result.targets,
            "command": f"airscene reproduce {result.name}",
            "commit": commit(),
            "machine": machine(),
            "runs": rows,
            "summary": summary(rows),
        }
        write_atomic(path, (json.dumps(file, indent=1) + "\n").encode())
    for preset in dict.fromkeys(preset for preset, _ in result.runs):
        folders = made.get(preset.name, {})
        if folders:
            draw_seeds(preset, folders, figures)
            first = next(iter(folders.values())) / "figures"
            for name in SHOWN:
                for shown in (first / name, (first / name).with_suffix(".json")):
                    write_atomic(figures / f"{preset.name}-{shown.name}", shown.read_bytes())
    return file


def _rows_before(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text())["runs"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no result file ({error!r}); move it away") from error


def _fit(preset: Preset, folder: Path, resume: bool) -> None:
    """What the process of a run does: bad input is one line, and no traceback."""
    try:
        fit(preset, folder, resume=resume)
    except InputError as error:
        print(f"airscene: {error}", file=sys.stderr)
        sys.exit(2)
    except (Interrupted, KeyboardInterrupt):
        sys.exit(INTERRUPTED)


def _run(preset: Preset, seed: int, folder: Path) -> dict[str, Any]:
    """Make one run in a process of its own and gather its numbers."""
    resume = (folder / "config.json").is_file()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_fit, args=(preset, folder, resume))
    process.start()
    try:
        process.join()
    except KeyboardInterrupt:
        process.join()
    if process.exitcode in (INTERRUPTED, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL):
        raise KeyboardInterrupt(f"stopped in {folder}; the same command goes on")
    # A run that was refused left what was in its folder before, which is not its result.
    finished = process.exitcode == 0
    row = {
        "run": preset.name,
        "seed": seed,
        "commit": commit(),
        "finished": finished,
        "configuration": preset.config(),
    }
    if not finished:
        return {**row, "exit_status": process.exitcode}
    rows = read_metrics(folder / "metrics.jsonl")
    reached = [r["seconds"] for r in rows if r["count_accuracy"] >= REACHED]
    evaluation = json.loads((folder / "evaluation.json").read_text())
    return {
        **row,
        **evaluation,
        "seconds": rows[-1]["seconds"],
        "seconds_to_98": reached[0] if reached else None,
        "steps": rows[-1]["step"],
        "object_size": json.loads((folder / "config.json").read_text())["model"]["object_size"],
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Median, least and largest of the numbers of the runs, grouped by preset.

    Args:
        rows: Rows of a result, failed ones among them.

    Returns:
        For each preset: how many runs, how many finished, and the spread of each number.
    """
    groups: dict[str, Any] = {}
    for name in dict.fromkeys(row["run"] for row in rows):
        group = [row for row in rows if row["run"] == name]
        done = [row for row in group if row["finished"]]
        spread = {}
        for key in ("count_accuracy", "elbo", "log_px", "average_precision", "mean_iou", "seconds"):
            values = [row[key] for row in done if row[key] is not None]
            if key == "count_accuracy":
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
            "at_or_above_98": sum(row["count_accuracy"] >= REACHED for row in done),
            "median_seconds_to_98": median if median < float("inf") else None,
            **spread,
        }
    return groups


def _line(row: dict[str, Any]) -> str:
    if not row["finished"]:
        return f"  failed, exit status {row['exit_status']}"
    return (
        f"  counts {row['count_accuracy']:.2%}, ELBO {row['elbo']:.1f}, "
        f"log p(x) {row['log_px']:.1f}, "
        f"98% after {row['seconds_to_98']} s, {row['seconds']:.0f} s in all"
    )


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
