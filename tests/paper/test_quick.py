"""Every result's quick version runs from nothing to its file and its figures, and is kept."""

import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from airscene.app.reproduce import Reproduce
from airscene.paper.results import RESULTS
from airscene.paper.tables import figure_owner


@pytest.mark.slow
@pytest.mark.parametrize("name", RESULTS)
def test_the_quick_version(name, tmp_path):
    real = name in ("own-images", "own-ablations")
    if real and not (Path(os.environ.get("AIRSCENE_DATA", ".")) / "own").is_dir():
        pytest.skip("needs the real sets: AIRSCENE_DATA should name the folder that holds own/")
    reproduce = Reproduce((name,), quick=True, out=str(tmp_path))
    reproduce.run(Console(quiet=True))
    file = json.loads((tmp_path / "results" / f"{name}.json").read_text())
    assert [row["finished"] for row in file["runs"]] == [True] * len(RESULTS[name](True).units)
    # The folder is new, so that whatever is in it was drawn now.
    figures = [f for f in (tmp_path / "docs" / "figures").iterdir() if f.suffix != ".json"]
    assert figures and all(figure_owner(f.stem) == name for f in figures)
    assert all(f.with_suffix(".json").is_file() for f in figures)
    reproduce.run(Console(quiet=True))
    again = json.loads((tmp_path / "results" / f"{name}.json").read_text())
    assert again["runs"] == file["runs"]
