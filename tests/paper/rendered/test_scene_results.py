"""Figures of results in 3-D: none is drawn without what it is to show."""

import pytest

from airscene.paper.results import RESULTS


@pytest.mark.parametrize("name", ["single-object", "tabletop", "tabletop-camera", "robustness"])
def test_no_figure_is_lost_where_the_runs_are_not(name, tmp_path):
    result, figures = RESULTS[name](), tmp_path / "figures"
    figures.mkdir()
    rows = [
        {"run": unit.run, "seed": unit.seed, "finished": True, "configuration": unit.configuration}
        for unit in result.units
    ]
    result.draw(rows, tmp_path / "runs", figures)
    pictures = [path.stem for path in figures.glob("*.png")]
    # Bars are of the rows alone.
    assert pictures == (["robustness"] if name == "robustness" else [])
