"""What a run says while it trains: metrics.jsonl, TensorBoard files and a progress bar."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from airscene.errors import InputError
from airscene.files import write_atomic


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a metrics.jsonl; a last line cut short is left out."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


class Record:
    """The record of one run, one row an evaluation.

    Args:
        folder: The run's folder.
        steps: Number of steps that the run will make.
        step: Step that it starts from: rows after it are dropped, as they will be made again.
        tensorboard: Also write event files for TensorBoard.
        console: Where progress is shown.

    Raises:
        InputError: If TensorBoard files are wanted and tensorboardX is not installed.
    """

    def __init__(self, folder: Path, steps: int, step: int, tensorboard: bool, console: Console):
        self._path = folder / "metrics.jsonl"
        self.rows = [row for row in read_metrics(self._path) if row["step"] <= step]
        write_atomic(self._path, "".join(json.dumps(row) + "\n" for row in self.rows).encode())
        self._events = None
        if tensorboard:
            check_tensorboard()
            from tensorboardX import SummaryWriter

            self._events = SummaryWriter(str(folder / "tensorboard"), purge_step=step)
        self._progress = Progress(
            TextColumn("step {task.completed:>5.0f}/{task.total:.0f}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            # Elsewhere than on a terminal, `add` prints a line a row instead.
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=steps, completed=step, text="compiling")
        self._progress.start()

    def at(self, step: int) -> None:
        """Show how far the run is."""
        self._progress.update(self._task, completed=step)

    def add(self, row: dict[str, float | int]) -> None:
        """Write one row, `step` among its values, and show it."""
        self.rows.append(row)
        try:
            with self._path.open("a") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self._path}: {error.strerror}") from error
        step = int(row["step"])
        if self._events:
            for name, value in row.items():
                self._events.add_scalar(name, value, step)
        shown = f"objective {row['objective']:.1f}"
        for word, name in (("counts", "count_accuracy"), ("position", "position_error")):
            shown += f"  {word} {row[name]:.1%}" if name in row else ""
        shown += f"  mean count {row['mean_count']:.2f}" if "mean_count" in row else ""
        shown += f"  {row['images_per_second']:,.0f} images/s"
        if self._progress.console.is_terminal:
            self._progress.update(self._task, completed=step, text=shown)
        else:
            self._progress.console.print(f"step {step:>6}  {shown}  {row['seconds']:.1f} s")

    def close(self) -> None:
        """Stop the progress bar and close the event files."""
        self._progress.stop()
        if self._events:
            self._events.close()


def check_tensorboard() -> None:
    """Refuse to write TensorBoard's files where tensorboardX is missing, before a run begins.

    Raises:
        InputError: If tensorboardX is not installed.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        raise InputError("--tensorboard needs tensorboardX: pip install 'airscene[tensorboard]'")
