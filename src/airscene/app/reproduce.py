"""`airscene reproduce`: make the runs behind the results."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from airscene.errors import InputError
from airscene.experiments import RESULTS


@dataclass(frozen=True)
class Reproduce:
    """Make every run of results that is not made yet, and write results/NAME.json and figures.

    Interrupted, the same command goes on. Without a name: all results.

    Example: airscene reproduce multi-mnist

    Args:
        names: The results.
        results: Folder of the result files.
        runs: Folder of the runs.
        figures: Folder of the figures.
    """

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME ...")] = ()
    results: Path = Path("results")
    runs: Path = Path("runs/reproduce")
    figures: Path = Path("docs/figures")

    def run(self, console: Console) -> None:
        """Make the runs, one after the other.

        Args:
            console: Where progress is shown.

        Raises:
            InputError: If there is no such result, or a run's folder is in the way.
        """
        for name in self.names:
            if name not in RESULTS:
                raise InputError(f"there is no result {name!r}; there are: {', '.join(RESULTS)}")
        # Here, as JAX takes a second to import, which `--help` need not wait for.
        from airscene.experiments.reproduce import reproduce

        for name in self.names or RESULTS:
            result = RESULTS[name]
            reproduce(result, self.results, self.runs, self.figures, console)
            console.print(f"{name}: {self.results / name}.json; it should reach {result.targets}")
