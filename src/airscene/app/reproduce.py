"""`airscene reproduce`: make the runs behind the results."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from airscene.errors import InputError
from airscene.paper.results import RESULTS


@dataclass(frozen=True)
class Reproduce:
    """Make every run of results that is not made yet, and write results/NAME.json and figures.

    Interrupted, the same command goes on. Without a name: all results.

    Example: airscene reproduce multi-mnist

    Args:
        names: The results.
        quick: The same protocol scaled down to a minute or two a result, into build/quick: to see
            that it works, not what it reaches.
        out: Folder for results/, runs/reproduce/ and docs/figures/; here, or build/quick, if not
            given.
    """

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME ...")] = ()
    quick: bool = False
    # Text, as Path("") is the current folder.
    out: Annotated[str | None, tyro.conf.arg(metavar="FOLDER")] = None

    def run(self, console: Console) -> None:
        """Make the runs, one after the other.

        Raises:
            InputError: If there is no such result, or a folder is in the way or cannot be written.
            SystemExit: If rows failed, with status 1, after the others are made.
        """
        for name in self.names:
            if name not in RESULTS:
                raise InputError(f"there is no result {name!r}; there are: {', '.join(RESULTS)}")
        if self.out == "":
            raise InputError("--out is empty; it should be the name of a folder")
        # Here, as JAX takes a second to import, which `--help` need not wait for.
        from airscene.paper.reproduce import reproduce

        out = Path(self.out or ("build/quick" if self.quick else "."))
        places = (out / "results", out / "runs" / "reproduce", out / "docs" / "figures")
        every = []
        for name in self.names or RESULTS:
            result = RESULTS[name](self.quick)
            command = f"airscene reproduce {name}{' --quick' if self.quick else ''}"
            rows = reproduce(result, command, *places, console)
            for claim in result.claims:
                line = f"{name}, {claim.said}: {claim.ours(rows)}; {claim.verdict(rows)}"
                console.print(line, highlight=False, soft_wrap=True)
            console.print(f"It is in {places[0] / name}.json")
            every += rows
        failed = [f"{row['run']}, seed {row['seed']}" for row in every if not row["finished"]]
        if failed:
            sys.exit(
                f"airscene: {len(failed)} of {len(every)} rows failed ({'; '.join(failed)}); "
                "the same command tries them again"
            )
