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

# Compilers order sums differently, and so do processors: by up to 3e-5 after a few updates, and of
# the autoencoder by 6e-4, as the first updates follow the signs of its gradients.
LOOSE = {"cae": 2e-3}


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
        rel = LOOSE.get(name, 1e-4)
        assert row == pytest.approx(before, rel=rel, abs=1e-4), f"{name} {__doc__}"
