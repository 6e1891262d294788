"""Results: every run counts, and documents say what the files say."""

import json
import types

import pytest
from rich.console import Console

import airscene.experiments.reproduce as reproducing
from airscene.errors import InputError
from airscene.experiments import PRESETS, RESULTS, Result
from airscene.experiments.reproduce import summary
from airscene.experiments.result import seeds
from airscene.experiments.tables import results_table, speed_table
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
    """Reproduces two runs of a result; `again.fit` is what a run does, `again.ran` the seeds."""
    result = Result("x", "about", seeds(PRESETS["multi-mnist-fast"], 2), "targets")

    def fit(preset, folder, resume):
        again.ran.append(preset.training.seed)
        if again.fails.get(preset.training.seed):
            raise again.fails[preset.training.seed]
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        evaluation = {"count_accuracy": 0.99, "elbo": 1.0, "log_px": 2.0}
        evaluation |= {"average_precision": None, "mean_iou": None}
        (folder / "config.json").write_text(json.dumps(preset.config()))
        (folder / "evaluation.json").write_text(json.dumps(evaluation))
        metrics = {"step": 5, "count_accuracy": 0.99, "seconds": 3.0}
        (folder / "metrics.jsonl").write_text(json.dumps(metrics) + "\n")
        (folder / "model.safetensors").touch()
        for name in reproducing.SHOWN:
            (folder / "figures" / name).touch()
            (folder / "figures" / name).with_suffix(".json").touch()

    def again():
        again.ran = []
        places = (tmp_path / "results", tmp_path / "runs", tmp_path / "figures")
        return reproducing.reproduce(result, *places, Console(quiet=True))

    again.fails = {}
    context = types.SimpleNamespace(Process=Process)
    monkeypatch.setattr(reproducing.multiprocessing, "get_context", lambda _: context)
    monkeypatch.setattr(reproducing, "fit", fit)
    monkeypatch.setattr(reproducing, "draw_seeds", lambda *_: None)
    again.file = tmp_path / "results" / "x.json"
    return again


def test_runs_are_made_once(again, tmp_path):
    first = again()
    assert again.ran == [1, 2]
    assert first["summary"]["multi-mnist-fast"]["median_seconds_to_98"] == 3.0
    assert json.loads(again.file.read_text()) == first
    assert (tmp_path / "figures" / "multi-mnist-fast-learning.gif").exists()
    assert again()["runs"] == first["runs"] and again.ran == []


def test_runs_of_another_configuration_are_made_anew(again):
    file = again()
    file["runs"][1]["configuration"]["model"]["n_hidden"] = 999
    again.file.write_text(json.dumps(file))
    again()
    assert again.ran == [2]


def test_a_refused_run_is_failed_even_if_its_folder_holds_an_older_model(again, capsys):
    again()
    again.file.unlink()
    again.fails = {2: InputError("of another configuration")}
    rows = again()["runs"]
    assert [row["finished"] for row in rows] == [True, False]
    assert rows[1]["exit_status"] == 2 and "count_accuracy" not in rows[1]
    assert capsys.readouterr().err == "airscene: of another configuration\n"
    # And it is tried again.
    again.fails = {}
    assert all(row["finished"] for row in again()["runs"]) and again.ran == [2]


def test_an_interrupted_run_is_not_a_result(again):
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
