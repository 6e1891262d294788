"""Every result's quick version runs from nothing to its file and its figures, and is kept."""

import json

import pytest
from rich.console import Console

from airscene.app.reproduce import Reproduce
from airscene.experiments import RESULTS


@pytest.mark.slow
@pytest.mark.parametrize("name", RESULTS)
def test_the_quick_version(name, tmp_path):
    reproduce = Reproduce((name,), quick=True, out=str(tmp_path))
    reproduce.run(Console(quiet=True))
    file = json.loads((tmp_path / "results" / f"{name}.json").read_text())
    assert [row["finished"] for row in file["runs"]] == [True] * len(RESULTS[name](True).units)
    assert any((tmp_path / "docs" / "figures").glob(f"{name}*.[pg][ni][gf]"))
    reproduce.run(Console(quiet=True))
    again = json.loads((tmp_path / "results" / f"{name}.json").read_text())
    assert again["runs"] == file["runs"]
