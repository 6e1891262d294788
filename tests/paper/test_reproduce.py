"""Results: every run counts, and documents say what the files say."""

import contextlib
import functools
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import types
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import airscene.paper.reproduce as reproducing
from airscene.app.cli import main
from airscene.app.reproduce import Reproduce
from airscene.errors import InputError
from airscene.model.bundled import bundled_models
from airscene.paper import tables
from airscene.paper.reproduce import summary
from airscene.paper.result import Claim, Result, Unit, of_run, spread, with_error
from airscene.paper.results import RESULTS
from airscene.runs.folder import InTheWay
from airscene.runs.preset import Preset, ScenePreset
from airscene.schema import whole
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
    rows = [{**made, "run": "multi-mnist-dair"} for made in rows]
    file = {"command": "airscene reproduce dair", "summary": summary(rows)}
    (tmp_path / "dair.json").write_text(json.dumps(file))
    timed = {"what": "a step", "value": 3.0, "unit": "ms", "floor": "products", "floor_value": 2.0}
    cold = {"what": "inference, one image, warm", "value": 0.5, "unit": "ms"}
    bench = {"rows": [timed | {"ratio": 1.5}, cold]}
    (tmp_path / "bench.json").write_text(json.dumps(bench))
    table = tables.trainings_table(tmp_path)
    assert "| multi-mnist-dair | 3 (1 failed) | 97.00% (0.00%) | 600.0 | 606.0" in table
    assert "| validation | `airscene reproduce dair` |" in table
    assert "bench" not in table
    assert "| a step | 3 ms | products: 2 | 1.5 |" in tables.bench_table(tmp_path)
    assert "| inference, one image, warm | 0.5 ms |" in tables.speed_table(tmp_path)
    assert len(tables.speed_table(tmp_path).splitlines()) == 2 + 6


ROOT = Path(__file__).parents[2]


def test_documents_say_what_the_files_say(monkeypatch):
    monkeypatch.chdir(ROOT)
    written = {}
    monkeypatch.setattr(tables, "write_atomic", lambda path, data: written.update({path: data}))
    tables.main()
    assert {str(path) for path in written} == {
        "REPRODUCTION.md",
        "README.md",
        "docs/index.md",
        "docs/results.md",
    }
    for path, data in written.items():
        assert path.read_text() == data.decode(), f"make tables would change {path}"
    assert len(tables.claims_table(Path("results")).splitlines()) <= 2 + 16
    shown = re.findall(r"\]\(figures/(\S+)\)", tables.gallery(Path("results")))
    assert len(shown) == len(bundled_models())
    assert all((ROOT / "docs" / "figures" / name).exists() for name in shown)


def test_known_misses_are_said_to_be_missed():
    page = (ROOT / "REPRODUCTION.md").read_text()
    missed = page[page.index("## Missed aims") : page.index("## multi-mnist")]
    for said in (
        "[multi-mnist-shrunk](#multi-mnist-shrunk): smaller digits",
        "importance weights",
        "bound on 0 to 2 digits",
        "AIR, bound on 3 digits",
        "cosine by rotation",
        "tabletop, trained: variance",
        "tabletop, an image, by the networks alone",
        "two of one kind that overlap",
        "[tabletop](#tabletop): counts by the recurrent network",
        "[single-object](#single-object): training",
    ):
        assert said in missed


@pytest.mark.parametrize("text", ["", "<!-- x: make tables -->", "<!-- end of x -->"])
def test_a_document_without_a_marker_is_refused(text, monkeypatch, tmp_path, capsys):
    with pytest.raises(InputError, match="page lacks the marker <!-- "):
        tables.with_block(text, "block", "x", Path("page"))
    (tmp_path / "README.md").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        tables.main()
    (told,) = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and told.startswith("airscene: README.md lacks the marker")
    assert (tmp_path / "README.md").read_text() == text
    assert not (tmp_path / "REPRODUCTION.md").exists()


def test_a_block_is_written_between_its_markers():
    page = "a\n<!-- x: make tables -->\nold \\1\n<!-- end of x -->\nb"
    once = tables.with_block(page, "new \\1", "x", Path("page"))
    assert once == "a\n<!-- x: make tables -->\n\nnew \\1\n\n<!-- end of x -->\nb"
    assert tables.with_block(once, "new \\1", "x", Path("page")) == once


def test_a_claim_is_met_or_missed_by_the_median_or_by_the_worst_run():
    rows = [row(1), row(2, count_accuracy=0.97), row(3)]
    claim = Claim("counts", "a", "count_accuracy", at_least=0.98)
    assert claim.said == "counts; aim: at least 98.00%"
    assert claim.ours(rows) == "99.00% (97.00 to 99.00%, 3 runs)"
    assert claim.verdict(rows) == "met"
    every = replace(claim, worst=True)
    assert every.said == "counts; aim: at least 98.00% in every run"
    assert every.verdict(rows) == "missed by 1.00%"
    assert every.verdict([row(1), FAILED]) == "missed by 98.00%"
    assert claim.verdict([row(1), FAILED]) == "missed by 48.50%"
    assert replace(claim, at_least=None).verdict(rows) == "no aim"
    assert claim.verdict([]) == claim.ours([]) == "not made"
    assert claim.verdict([FAILED]) == "missed, 1 of 1 runs without it"


def test_a_claim_from_above():
    claim = Claim("training", "a", "seconds", "{:.0f} s", at_most=11.0, worst=True)
    assert claim.verdict([row(1), row(2)]) == "met"
    assert claim.verdict([row(1), row(2, seconds=12.0)]) == "missed by 1 s"
    # What failed has no seconds: it is no run that took few.
    assert claim.verdict([row(1), FAILED]) == "missed, 1 of 2 runs failed"
    reached = replace(claim, key="seconds_to_98", at_most=6.0, worst=False)
    assert reached.verdict([row(1), row(2), FAILED]) == "met"
    assert reached.ours([row(1), row(2), FAILED]) == "5 s (5 s to never, 1 of 3 runs failed)"
    assert reached.verdict([row(1), FAILED, FAILED]) == "missed, never reached"


def test_a_claim_of_several_rows():
    claim = Claim("a ratio", style="{:.1f}", at_least=1.0, of=lambda rows: rows[0]["x"])
    assert (claim.ours([{"x": 2.0}]), claim.verdict([{"x": 2.0}])) == ("2.0", "met")
    assert claim.ours([{"x": (0.5, 0.0)}]) == "0.5 ± 0.0"
    assert claim.verdict([{"x": (0.5, 0.0)}]) == "missed by 0.5"
    assert claim.ours([{"x": None}]) == claim.verdict([{"x": None}]) == "not made"


def test_a_value_without_error_can_be_written():
    assert with_error(1.0, 0.0) == "1.0 ± 0.0"
    assert with_error(0.415, 0.076) == "0.415 ± 0.076"
    assert with_error(1.9e9, 6e8) == "(1.9 ± 0.6) x 10^9"


@pytest.mark.parametrize("name", RESULTS)
def test_rows_that_all_failed_meet_no_claim(name):
    result = RESULTS[name]()
    rows = [{**FAILED, "run": unit.run, "seed": unit.seed} for unit in result.units]
    for claim in result.claims:
        assert claim.ours(rows).startswith(("none of ", "not made"))
        assert claim.verdict(rows).startswith(("missed", "not made", "no aim"))
        assert not claim.run or claim.run in {unit.run for unit in result.units}


@pytest.mark.parametrize("quick", [False, True])
def test_results_that_share_a_run_mean_the_same_run(quick):
    """They may be made into one folder, where the second finds what the first trained."""
    trained = {}
    for name in RESULTS:
        for unit in RESULTS[name](quick).units:
            if isinstance(unit.configuration, Preset | ScenePreset):
                key = unit.run, unit.seed
                assert trained.setdefault(key, unit.configuration) == unit.configuration
    assert len(trained) > 10


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", RESULTS)
def test_results_have_distinct_rows_and_say_what_they_are(name, quick):
    result = RESULTS[name](quick)
    rows = [(unit.run, unit.seed) for unit in result.units]
    assert result.name == name and rows and len(set(rows)) == len(rows)
    assert result.about and result.claims
    assert all((claim.what, claim.paper) for claim in result.claims)
    for unit in result.units:
        # Another process makes it, and a file keeps what decides it.
        again = pickle.loads(pickle.dumps(unit))
        assert (again.run, again.identity) == (unit.run, unit.identity)
        written = whole(unit.configuration)
        assert json.loads(json.dumps(written)) == written


def test_the_sizes_differ_from_the_fast_preset_in_size_and_in_how_they_begin():
    fast = whole(RESULTS["multi-mnist"]().units[0].configuration)
    for unit in RESULTS["sizes"]().units:
        now = whole(unit.configuration)
        assert now["training"] == {**fast["training"], "seed": unit.seed, "warmup": 100}
        different = {name for name in now["model"] if now["model"][name] != fast["model"][name]}
        assert different == {"object_size", "preference_slope"}


def test_a_spread_counts_the_rows_that_failed():
    rows = [row(1), row(2, count_accuracy=0.97), row(3), FAILED, row(1, run="b")]
    ours = of_run(rows, "a")
    assert spread(ours, "count_accuracy") == "98.0% (0.0 to 99.0%, 1 of 4 runs failed)"
    assert spread(ours, "elbo", "{:.0f}") == "600 (600 to 600, 1 of 4 runs failed)"
    assert spread(ours[:1], "elbo", "{:.0f}") == "600 (1 run)"
    assert spread(ours[:2], "count_accuracy") == "98.0% (97.0 to 99.0%, 2 runs)"
    assert spread([row(1), FAILED], "elbo", "{:.0f}") == "600 (1 of 2 runs failed)"
    assert spread([row(1), row(2, elbo=None)], "elbo", "{:.0f}") == "600 (1 of 2 runs without it)"
    assert spread([FAILED], "elbo") == "none of 1 runs finished"
    assert spread(ours, "of another name") == "none of 4 runs has it"


def test_a_spread_and_the_summary_have_one_rule():
    rows = [row(1), row(2, count_accuracy=0.97), FAILED]
    for key in ("count_accuracy", "elbo"):
        of_file = summary(rows)["a"][key]
        assert spread(rows, key, "{:.4f}").startswith(
            "{median:.4f} ({min:.4f} to {max:.4f}, ".format(**of_file)
        )


def test_the_page_of_reproductions_says_what_the_files_say(tmp_path):
    rows = [row(1, run="multi-mnist-fast", duration=120.0), {**FAILED, "run": "multi-mnist-fast"}]
    (tmp_path / "multi-mnist.json").write_text(json.dumps({"runs": rows}))
    page = tables.reproduction_page(tmp_path, tmp_path)
    (line,) = [
        line for line in page.splitlines() if "fast preset, counts; aim" in line and "|" in line
    ]
    assert "| 49.50% (0.00 to 99.00%, 1 of 2 runs failed) | missed by 98.00% |" in line
    assert "`airscene reproduce multi-mnist`, 2 min (2 of 25 rows made)." in page
    assert "| multi-mnist-fast | 2 (1 failed) | 49.50% |" in page
    assert "`airscene reproduce sizes`, not made yet." in page


class Process:
    """Stands in for a process: runs at once, and ends as a process would."""

    pid = 1
    interrupted = None  # the signal that comes once it runs
    asked_to_stop = 0  # how often

    def __init__(self, target, args):
        self._call = lambda: target(*args)

    def start(self):
        # What a process of its own does about signals is not this one's.
        handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._call()
            self.exitcode = 0
        except SystemExit as stop:
            self.exitcode = stop.code
        except Exception:
            self.exitcode = 1
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

        self._joined = 0

    def is_alive(self):
        return self._joined < 2

    def join(self, timeout=None):
        self._joined += 1
        if Process.interrupted and self._joined == 1:
            signal.raise_signal(Process.interrupted)

    def terminate(self):
        Process.asked_to_stop += 1


@pytest.fixture
def again(tmp_path, monkeypatch):
    """Reproduces a result of two rows, or of `again.seeds`.

    `again.ran` are the seeds made, `again.fails` what fails, `again.size` the configuration of each
    seed where it is not 1, `again.said` what was printed.
    """

    def make(seed, runs):
        again.ran.append(seed)
        if again.fails.get(seed):
            raise again.fails[seed]
        return {"count_accuracy": 0.99, "elbo": 1.0, "seconds_to_98": 3.0}

    def draw(rows, runs, figures):
        again.drawn = [row["seed"] for row in rows]

    def result(quickly=False):
        again.ran, again.drawn = [], None
        units = (
            Unit("a", n, {"size": again.size.get(n, 1)}, functools.partial(make, n))
            for n in again.seeds
        )
        claims = (Claim("counts", "a", "count_accuracy", at_least=0.98),)
        return Result("x", "about", tuple(units), claims, draw)

    def again():
        places = (tmp_path / "results", tmp_path / "runs", tmp_path / "figures")
        console = Console(file=io.StringIO(), width=1000)
        try:
            return reproducing.reproduce(result(), "command", *places, console)
        finally:
            again.said = console.file.getvalue()

    again.seeds, again.fails, again.size, again.result = (1, 2), {}, {}, result
    context = types.SimpleNamespace(Process=Process)
    monkeypatch.setattr(reproducing.multiprocessing, "get_context", lambda _: context)
    # Both are put back after the test.
    monkeypatch.setattr(Process, "interrupted", None)
    monkeypatch.setattr(Process, "asked_to_stop", 0)
    again.file = tmp_path / "results" / "x.json"
    again.seeds_in_file = lambda: [r["seed"] for r in json.loads(again.file.read_text())["runs"]]
    return again


def test_rows_are_made_once(again):
    first = again()
    assert again.ran == again.drawn == [1, 2]
    assert "already" not in again.said
    file = again.file.read_text()
    assert json.loads(file)["summary"]["a"]["median_seconds_to_98"] == 3.0
    assert json.loads(file)["runs"] == first
    assert again() == first and again.ran == [] and again.drawn == [1, 2]
    assert again.file.read_text() == file
    assert f"x: 2 of 2 rows are in {again.file} already; a new --out FOLDER" in again.said


def test_rows_of_another_configuration_are_made_anew(again):
    again()
    again.size = {2: 999}
    again()
    assert again.ran == [2]
    assert "x: 1 of 2 rows are in" in again.said


def test_a_failed_row_is_failed_even_if_an_older_one_is_there(again, capsys):
    again()
    again.file.unlink()
    again.fails = {2: InputError("the objective stopped being a number")}
    rows = again()
    assert [row["finished"] for row in rows] == [True, False]
    assert rows[1]["exit_status"] == 2 and "count_accuracy" not in rows[1]
    assert again.drawn == [1]
    assert capsys.readouterr().err == "airscene: the objective stopped being a number\n"
    # And it is tried again.
    again.fails = {}
    assert all(row["finished"] for row in again()) and again.ran == [2]


def test_a_run_in_the_way_is_no_failure(again, capsys):
    again.seeds = (1, 2, 3)
    again.fails = {2: InTheWay("the run in y is of another configuration")}
    with pytest.raises(InputError, match="the run in y is of another configuration"):
        again()
    assert again.seeds_in_file() == again.ran[:1] == [1] and again.ran == [1, 2]
    assert capsys.readouterr().err == ""


def test_an_interrupted_row_is_not_a_result(again):
    again.fails = {2: Interrupted("stopped")}
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        again()
    assert again.seeds_in_file() == [1]


def test_an_interruption_leaves_the_rows_still_to_come(again):
    again.seeds = (1, 2, 3)
    again()
    again.size, again.fails = {1: 5, 2: 5}, {2: Interrupted("stopped")}
    with pytest.raises(KeyboardInterrupt):
        again()
    # The second was of the configuration before; of the third nothing has changed.
    assert again.ran == [1, 2] and again.seeds_in_file() == [1, 3]
    again.fails = {}
    again()
    assert again.ran == [2] and again.seeds_in_file() == [1, 2, 3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_follows_a_row_that_ends_in_spite_of_a_signal(again, number):
    Process.interrupted = number
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt, match="stopped at a, 1; the same command goes on"):
        again()
    assert again.ran == again.seeds_in_file() == [1]
    # At once, and again for as long as it goes on.
    assert Process.asked_to_stop == 3
    assert signal.getsignal(number) == before


def test_rows_say_of_which_sources_and_machine_they_are(again, monkeypatch):
    # Of those that it began with, even if they are changed while it is made.
    monkeypatch.setattr(reproducing, "commit", lambda: f"after {len(again.ran)}")
    rows = again()
    assert [row["commit"] for row in rows] == ["after 0", "after 1"]
    assert {row["machine"] for row in rows} == {reproducing.machine()}


def test_rows_made_elsewhere_keep_their_machine(again):
    again()
    file = json.loads(again.file.read_text())
    for row in file["runs"]:
        del row["machine"]
    again.file.write_text(json.dumps(file | {"machine": "elsewhere", "commit": "old"}))
    before = again.file.read_text()
    again()
    assert again.file.read_text() == before
    again.size = {2: 999}
    again()
    file = json.loads(again.file.read_text())
    assert [row["machine"] for row in file["runs"]] == ["elsewhere", reproducing.machine()]
    assert "machine" not in file and "commit" not in file


BAD = [
    "",
    "[1]",
    "{}",
    '{"runs": {}}',
    '{"runs": [{}]}',
    '{"runs": [3]}',
    '{"runs": [{"run": "a", "seed": 1}]}',
]


@pytest.mark.parametrize("text", BAD)
def test_a_damaged_result_file(again, text):
    again.file.parent.mkdir()
    again.file.write_text(text)
    with pytest.raises(InputError, match=r"x\.json is no result file"):
        again()
    assert again.file.read_text() == text and again.ran == []


@pytest.fixture
def command(again, tmp_path, monkeypatch, capsys):
    """Calls `airscene reproduce x`, and returns its exit status and what it said."""
    monkeypatch.setattr("airscene.app.reproduce.RESULTS", {"x": again.result})

    def command(out=tmp_path):
        try:
            status = main(["reproduce", "x", "--out", str(out)])
        except SystemExit as stop:
            status = 1
            print(stop.code, file=sys.stderr)
        return status, capsys.readouterr().err.splitlines()

    return command


def test_claims_are_said(again, tmp_path):
    console = Console(file=io.StringIO(), width=1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("airscene.app.reproduce.RESULTS", {"x": again.result})
        Reproduce(("x",), out=str(tmp_path)).run(console)
    said = "x, counts; aim: at least 98.00%: 99.00% (99.00 to 99.00%, 2 runs); met"
    assert said in console.file.getvalue()


def test_the_commit_of_a_foreign_repository_is_not_recorded(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "paper" / "reproduce.py"
    package.parent.mkdir(parents=True)
    package.write_text("")
    (tmp_path / "own").write_text("")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "own"], ["commit", "-qm", "theirs"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(reproducing, "__file__", str(package))
    assert reproducing.commit() == "unknown"
    subprocess.run([*git, "add", "-f", str(package)], check=True)
    assert re.fullmatch(r"[0-9a-f]{12}-dirty", reproducing.commit())
    subprocess.run([*git, "commit", "-qm", "ours"], check=True)
    # What a result writes is beside the sources, and makes no row another's.
    (tmp_path / "own").write_text("rows")
    assert re.fullmatch(r"[0-9a-f]{12}", reproducing.commit())


def test_exit_statuses(again, command):
    assert command()[0] == 0
    again.seeds, again.fails = (1, 2, 3, 4), {3: InputError("no number")}
    status, told = command()
    assert status == 1 and again.ran == [3, 4]
    assert told[-1].startswith("airscene: 1 of 4 rows failed (a, seed 3); the same command")
    again.fails = {3: InTheWay("a run is in the way")}
    status, told = command()
    assert (status, told[-1]) == (2, "airscene: a run is in the way")
    again.fails = {3: Interrupted("stopped")}
    status, told = command()
    assert status == 130 and told[-1].startswith("airscene: stopped at a, 3")
    assert not any("Traceback" in line for line in told)


def test_folders_that_cannot_be_written_in(again, command, tmp_path):
    (tmp_path / "file").write_text("kept")
    for out in (tmp_path / "file", "/proc/x", ""):
        status, (told,) = command(out)
        assert status == 2 and told.startswith("airscene: ") and again.ran == []
    assert (tmp_path / "file").read_text() == "kept"


SCRIPT = """
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from airscene.app import reproduce
from airscene.app.cli import main
from airscene.paper.result import Result
from airscene.runs.presets import PRESETS
from airscene.paper.trained import training_units

SMALL = dict(n_hidden=4, n_features=4, n_layer=4, n_what=2, n_cells=4, batch_size=2, n_train=50)
LONG = dict(n_test=10, digits="bundled", steps=10**6, evaluate_every=50, save_every=10**6)


def result(quickly):
    units = training_units([PRESETS["multi-mnist-fast"].override(**SMALL, **LONG)], (1, 2))
    return Result("x", "about", units, (), print)


if __name__ == "__main__":
    reproduce.RESULTS = {"x": result}
    sys.exit(main(["reproduce", "x", "--out", sys.argv[1]]))
"""


def test_a_terminated_command_ends_its_training(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    run = tmp_path / "runs" / "reproduce" / "multi-mnist-fast-1"
    metrics = run / "metrics.jsonl"
    try:
        while not metrics.exists() or not metrics.read_text():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        process.terminate()
        # Until the training too has closed its standard error.
        _, told = process.communicate(timeout=100)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert "Traceback" not in told
    line = "airscene: stopped at multi-mnist-fast, 1; the same command goes on"
    assert told.splitlines()[-1] == line
    step = json.loads(metrics.read_text().splitlines()[-1])["step"]
    assert (run / "checkpoints" / str(step)).is_dir()
    assert not (tmp_path / "results" / "x.json").exists()
