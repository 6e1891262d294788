"""A training that is killed or stopped as a whole: nothing is left of it, and it goes on."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tiny_scenes import LONG, use_shapes  # noqa: E402

from airscene.runs.run import run  # noqa: E402
from airscene.runs.tasks import make_task  # noqa: E402
from airscene.training.record import read_metrics  # noqa: E402

SCRIPT = Path(__file__).parent / "tiny_scenes.py"


def start(folder: Path) -> subprocess.Popen:
    """A process that trains into a folder, from the start or on from its newest checkpoint."""
    command = [sys.executable, str(SCRIPT), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def belongings(pid: int) -> list[Path]:
    """The processes that a process has started, and its shared memory."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    maps = Path(f"/proc/{pid}/maps").read_text()
    shared = set(re.findall(r"/dev/shm/psm_\w+", maps))
    return [Path("/proc", child) for child in children] + [Path(name) for name in shared]


def left_of(paths: list[Path]) -> list[Path]:
    """Those that are still there after a while."""
    deadline = time.monotonic() + 20.0
    while any(path.exists() for path in paths) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [path for path in paths if path.exists()]


def wait_for(process: subprocess.Popen, there) -> None:
    while not there():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_run_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "killed"
    reached = []
    for _ in range(3):
        process = start(folder)
        before = len(read_metrics(folder / "metrics.jsonl"))
        wait_for(process, lambda n=before: len(read_metrics(folder / "metrics.jsonl")) > n)
        time.sleep(rng.uniform(0.0, 0.5))
        had = belongings(process.pid)
        # A worker, the process that watches over shared memory, and a block of that.
        assert len(had) >= 3 or process.poll() is not None
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert left_of(had) == []
        reached.append(read_metrics(folder / "metrics.jsonl")[-1]["step"])
    assert reached[0] < 120
    process = start(folder)
    told = process.communicate()[1]
    assert process.returncode == 0, told
    with pytest.MonkeyPatch.context() as patch:
        use_shapes(patch)
        whole = run(make_task(LONG), tmp_path / "whole")
        assert eqx.tree_equal(run(make_task(LONG), folder, resume=True), whole)
    for name in ("evaluation.json", "figures/scenes.png"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["config.json", "stages/0000000.npz", "stages/0000020.npz"])
def test_a_run_that_is_stopped_leaves_nothing_and_says_how_to_go_on(tmp_path, moment, number):
    """Before it trains, as it starts to, and while it does."""
    folder = tmp_path / "run"
    process = start(folder)
    wait_for(process, (folder / moment).exists)
    had = belongings(process.pid)
    process.send_signal(number)
    told = process.communicate(timeout=100)[1]
    assert process.returncode == 130, told
    assert "resource_tracker" not in told and "Traceback" not in told
    line = told.splitlines()[-1]
    assert re.match(r"airscene: (stopped at step \d+ of 120|interrupted); go on with: ", line)
    assert left_of(had) == []
