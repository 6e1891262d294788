"""What short runs of the recipes measured: a recipe that behaves otherwise has another number.

`AIRSCENE_WRITE_RECIPES=1 make test` writes `recipes.json` anew. Then raise the number of every
preset whose behaviour changed (`number`, see `airscene.runs.identity`), as its old runs and results
are of another recipe.
"""

import json
import os
from pathlib import Path

import pytest

from airscene.training.record import read_metrics

FILE = Path(__file__).parent / "recipes.json"
# What depends on the machine.
_TIMES = {"seconds", "images_per_second"}


def check_recipe(name: str, folder: Path) -> None:
    """Compare what a run measured with what the same run measured before."""
    rows = [
        {key: value for key, value in row.items() if key not in _TIMES}
        for row in read_metrics(folder / "metrics.jsonl")
    ]
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    if os.environ.get("AIRSCENE_WRITE_RECIPES"):
        known[name] = rows
        FILE.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    for row, before in zip(rows, known[name], strict=True):
        # Compilers order sums differently, and so do processors: convolutions by up to 3e-5.
        assert row == pytest.approx(before, rel=1e-4, abs=1e-4), f"{name} {__doc__}"
