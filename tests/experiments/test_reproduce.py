"""Results: every run counts, and documents say what the files say."""

import functools
import json
import pickle
import types

import pytest
from rich.console import Console

import airscene.experiments.reproduce as reproducing
from airscene.errors import InputError
from airscene.experiments import RESULTS, Result, Unit
from airscene.experiments.reproduce import summary
from airscene.experiments.result import of_run, spread
from airscene.experiments.tables import reproduction_page, results_table, speed_table
from airscene.training.loop import Interrupted


def row(seed, **changes):
    values = {"run": "a", "seed": seed, "finished": True, "seconds": 10.0, "seconds_to_98": 5.0}
    values |= {"count_accuracy": 0.99, "elbo": 600.0, "log_px": 606.0}
    return values | {"average_precision": 0.97, "mean_iou": 0.9} | changes


FAILED = {"run": "a", "seed": 9, "finished": False, "exit_status": 2}


def test_a_run_that_failed_is_counted():
    group = summary([row(1), FAILED])["a"]
    assert (group["runs"], group["finished"], group["at_or_above_98"]) == (2, 1, 1)
    assert group["count_accuracy"] == {"median": 0.495, "min": 0.0, "max": 0.99}
    assert group["median_seconds_to_98"] is None


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
    assert "[a](results/x.json) | 3 (1 failed) | 97.00% (0.00%) | 600.0 | 606.0" in table
    assert "bench" not in table
    assert "| a step | 3 ms | products: 2 | 1.5 |" in speed_table(tmp_path)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", RESULTS)
def test_results_have_distinct_rows_and_say_what_they_are(name, quick):
    result = RESULTS[name](quick)
    rows = [(unit.run, unit.seed) for unit in result.units]
    assert result.name == name and rows and len(set(rows)) == len(rows)
    assert all((result.about, result.paper, result.targets))
    for unit in result.units:
        # Another process makes it, and a file keeps what decides it.
        assert repr(pickle.loads(pickle.dumps(unit))) == repr(unit)
        assert json.loads(json.dumps(unit.configuration)) == unit.configuration


def test_the_sizes_differ_from_the_fast_preset_in_size_alone():
    fast = RESULTS["multi-mnist"]().units[0].configuration
    for unit in RESULTS["sizes"]().units:
        now = unit.configuration
        assert now["training"] == {**fast["training"], "seed": unit.seed}
        different = {name for name in now["model"] if now["model"][name] != fast["model"][name]}
        assert different == {"object_size"}


def test_a_spread_counts_the_rows_that_failed():
    rows = [row(1), row(2, count_accuracy=0.97), row(3), FAILED, row(1, run="b")]
    ours = of_run(rows, "a")
    assert spread(ours, "count_accuracy") == "99.0% (97.0% to 99.0%, 4 runs, 1 failed)"
    assert spread(ours[:1], "elbo", "{:.0f}") == "600"
    assert spread([FAILED], "elbo") == "none of 1 runs finished"
    assert spread(ours, "of another name") == "none of 4 runs finished"


def test_the_page_of_reproductions_says_what_the_files_say(tmp_path):
    rows = [row(1, run="multi-mnist-fast", duration=120.0), {**FAILED, "run": "multi-mnist-fast"}]
    (tmp_path / "multi-mnist.json").write_text(json.dumps({"runs": rows}))
    page = reproduction_page(tmp_path, tmp_path)
    (line,) = [line for line in page.splitlines() if line.startswith("| [multi-mnist](")]
    assert "99.00% (99.00% to 99.00%, 2 runs, 1 failed)" in line
    assert "`airscene reproduce multi-mnist`" in line and "2 min (2 of 25 rows made)" in line
    assert "| sizes | Not in the paper | not made yet |" in page


class Process:
    """Stands in for a process: runs at once, and ends as a process would."""

    def __init__(self, target, args):
        self._call = lambda: target(*args)

    def start(self):
        try:
            self._call()
            self.exitcode = 0
        except SystemExit as stop:
            self.exitcode = stop.code
        except Exception:
            self.exitcode = 1

    def join(self):
        pass


@pytest.fixture
def again(tmp_path, monkeypatch):
    """Reproduces a result of two rows; `again.ran` are the seeds made, `again.fails` what fails."""

    def make(seed, runs):
        again.ran.append(seed)
        if again.fails.get(seed):
            raise again.fails[seed]
        return {"count_accuracy": 0.99, "elbo": 1.0, "seconds_to_98": 3.0}

    units = [Unit("a", seed, {"size": 1}, functools.partial(make, seed)) for seed in (1, 2)]

    def draw(rows, runs, figures):
        again.drawn = [row["seed"] for row in rows]

    result = Result("x", "about", "paper", "targets", tuple(units), str, draw)

    def again():
        again.ran, again.drawn = [], None
        places = (tmp_path / "results", tmp_path / "runs", tmp_path / "figures")
        return reproducing.reproduce(result, "command", *places, Console(quiet=True))

    again.fails = {}
    context = types.SimpleNamespace(Process=Process)
    monkeypatch.setattr(reproducing.multiprocessing, "get_context", lambda _: context)
    again.file = tmp_path / "results" / "x.json"
    return again


def test_rows_are_made_once(again):
    first = again()
    assert again.ran == again.drawn == [1, 2]
    assert first["summary"]["a"]["median_seconds_to_98"] == 3.0
    assert json.loads(again.file.read_text()) == first
    assert again()["runs"] == first["runs"] and again.ran == [] and again.drawn == [1, 2]


def test_rows_of_another_configuration_are_made_anew(again):
    again()
    file = json.loads(again.file.read_text())
    file["runs"][1]["configuration"]["size"] = 999
    again.file.write_text(json.dumps(file))
    again()
    assert again.ran == [2]


def test_a_refused_row_is_failed_even_if_an_older_one_is_there(again, capsys):
    again()
    again.file.unlink()
    again.fails = {2: InputError("of another configuration")}
    rows = again()["runs"]
    assert [row["finished"] for row in rows] == [True, False]
    assert rows[1]["exit_status"] == 2 and "count_accuracy" not in rows[1]
    assert again.drawn == [1]
    assert capsys.readouterr().err == "airscene: of another configuration\n"
    # And it is tried again.
    again.fails = {}
    assert all(row["finished"] for row in again()["runs"]) and again.ran == [2]


def test_an_interrupted_row_is_not_a_result(again):
    again.fails = {2: Interrupted("stopped")}
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        again()
    assert [row["seed"] for row in json.loads(again.file.read_text())["runs"]] == [1]


@pytest.mark.parametrize("text", ["", "[1]", "{}"])
def test_a_damaged_result_file(again, text):
    again.file.parent.mkdir()
    again.file.write_text(text)
    with pytest.raises(InputError, match="is no result file"):
        again()
    assert again.file.read_text() == text
