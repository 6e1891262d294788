"""Figures are drawn from rows alone, and hold what the rows say."""

import json
from pathlib import Path

import numpy as np

from airscene.paper.results import RESULTS

RESULT_FILES = Path(__file__).parents[3] / "results"


def drawn(name, figure, tmp_path):
    rows = json.loads((RESULT_FILES / f"{name}.json").read_text())["runs"]
    figures = tmp_path / "figures"
    figures.mkdir()
    RESULTS[name]().draw(rows, tmp_path, figures)
    assert (figures / f"{figure}.png").stat().st_size > 1000
    return rows, json.loads((figures / f"{figure}.json").read_text())


def of(rows, run, key):
    return [row[key] for row in rows if row["run"] == run]


def test_counts_of_more_digits_on_larger_images(tmp_path):
    rows, shown = drawn("generalisation", "generalisation-many", tmp_path)
    found = shown["values"]["12 digits,\n128 pixels"]
    for bar, key in {"DAIR": "needed", "DAIR, a spare step": "spare"}.items():
        wanted = of(rows, "multi-mnist-dair", f"digits_12_{key}_count_accuracy")
        np.testing.assert_allclose(found[bar], wanted)


def test_the_order_from_one_side_stands_beside_that_of_the_search(tmp_path):
    rows, shown = drawn("policies", "policies", tmp_path)
    for bar, key in {"dair": "position", "dair,\none side": "one_side_position"}.items():
        np.testing.assert_allclose(
            shown["values"][bar]["position"], of(rows, "multi-mnist-dair", key)
        )
