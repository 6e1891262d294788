"""Results: every run counts, and documents say what the files say."""

import json

import pytest

from airscene.experiments import RESULTS
from airscene.experiments.reproduce import summary
from airscene.experiments.tables import results_table, speed_table


def row(seed, **changes):
    values = {"run": "a", "seed": seed, "finished": True, "seconds": 10.0, "seconds_to_98": 5.0}
    values |= {"count_accuracy": 0.99, "elbo": 600.0, "log_px": 606.0}
    return values | {"average_precision": 0.97, "mean_iou": 0.9} | changes


FAILED = {"run": "a", "seed": 9, "finished": False, "exit_status": 2}


def test_a_run_that_failed_is_counted():
    group = summary([row(1), FAILED])["a"]
    assert (group["runs"], group["finished"], group["at_or_above_98"]) == (2, 1, 1)


def test_a_run_that_never_reached_98_is_slower_than_any_that_did():
    rows = [row(1), row(2, seconds_to_98=7.0), row(3, seconds_to_98=None, count_accuracy=0.5)]
    group = summary(rows)["a"]
    assert group["median_seconds_to_98"] == 7.0
    assert group["at_or_above_98"] == 2
    assert group["count_accuracy"] == {"median": 0.99, "min": 0.5, "max": 0.99}
    never = summary([row(1, seconds_to_98=None), row(2, seconds_to_98=None), row(3)])["a"]
    assert never["median_seconds_to_98"] is None


def test_the_order_of_runs_does_not_matter():
    rows = [row(i, elbo=600.0 + i * i % 7) for i in range(6)]
    assert summary(rows) == summary(rows[::-1])


def test_tables_say_what_the_files_say(tmp_path):
    rows = [row(1), row(2, count_accuracy=0.97), FAILED]
    file = {"command": "airscene reproduce x", "summary": summary(rows)}
    (tmp_path / "x.json").write_text(json.dumps(file))
    timed = {"what": "a step", "value": 3.0, "unit": "ms", "floor": "products", "floor_value": 2.0}
    (tmp_path / "bench.json").write_text(json.dumps({"rows": [timed | {"ratio": 1.5}]}))
    table = results_table(tmp_path)
    assert "[a](results/x.json) | 3 (1 failed) | 98.00% (97.00%) | 600.0 | 606.0" in table
    assert "bench" not in table
    assert "| a step | 3 ms | products: 2 | 1.5 |" in speed_table(tmp_path)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_results_have_runs_of_distinct_seeds(result):
    runs = [(preset.name, seed) for preset, seed in result.runs]
    assert len(set(runs)) == len(runs) >= 3
    assert result.name in RESULTS and result.targets


def test_the_sizes_differ_from_the_fast_preset_in_size_alone():
    fast = RESULTS["multi-mnist"].runs[0][0]
    for preset, _ in RESULTS["sizes"].runs:
        now, before = preset.config(), fast.config()
        assert now["training"] == before["training"]
        different = {name for name in now["model"] if now["model"][name] != before["model"][name]}
        assert different == {"object_size"}
