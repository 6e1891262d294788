"""The loop: a run stopped in any way and resumed is the uninterrupted one; what fails says so."""

import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest
from rich.console import Console

from airscene.errors import InputError
from airscene.model.air import AIR, AIRConfig
from airscene.model.stored import stored_leaves
from airscene.training import loop
from airscene.training.air import annealed_bound
from airscene.training.checkpoints import Checkpoints
from airscene.training.config import TrainConfig
from airscene.training.loop import Interrupted, train
from airscene.training.record import Record, read_metrics
from airscene.training.state import initial_state, make_run

# Of what Orbax leaves unfinished when it cannot read an array.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

CONFIG = TrainConfig(
    steps=60, batch_size=4, learning_rate=0.01, warmup=5, evaluate_every=2, save_every=4
)

# What another process does; it takes long enough to be stopped half-way.
SCRIPT = """
import sys, time
import numpy as np
sys.path.insert(0, {here!r})
import test_loop
def slowly(air, step):
    time.sleep(0.05)
    return test_loop.watch(air, step)
test_loop.go(sys.argv[1], np.load(sys.argv[2]), evaluate=slowly)
"""


def start(**changes):
    model = {"n_what": 2, "n_cells": 4, "n_hidden": 8, "n_features": 8, "n_layer": 8, "n_steps": 2}
    config = AIRConfig(image_shape=(1, 12, 12), object_size=0.33, **model, **changes)
    return AIR(config, key=jax.random.key(0))


def watch(air, step):
    return {"weight": float(jnp.sum(jnp.abs(air.where.recurrent_layer.weight)))}


def go(folder, images, config=CONFIG, evaluate=watch, **options):
    console = Console(file=io.StringIO())
    air = start()
    return train(
        air,
        (images,),
        config,
        annealed_bound(air, config, images),
        folder=Path(folder),
        evaluate=evaluate,
        console=console,
        **options,
    )


def rows(folder):
    """The rows of a run without what depends on the machine."""
    timing = ("seconds", "images_per_second")
    return [
        {name: value for name, value in row.items() if name not in timing}
        for row in read_metrics(Path(folder) / "metrics.jsonl")
    ]


@pytest.fixture(scope="module", autouse=True)
def compiled_once():
    """All runs of one configuration share their program, which takes seconds to compile."""
    programs = {}

    def shared(model, config, data, objective):
        if config not in programs:
            programs[config] = make_run(model, config, data, objective)
        return programs[config]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "make_run", shared)
        yield


@pytest.fixture(scope="module")
def whole(squares, tmp_path_factory):
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, go(folder, squares)


def assert_resumes(folder, squares, whole):
    """Go on with the run, and compare it to the uninterrupted one, bit by bit."""
    air = go(folder, squares, resume=True)
    assert rows(folder) == rows(whole[0])
    assert eqx.tree_equal(air, whole[1])
    assert newest(folder) == newest(whole[0])


def newest(folder):
    """The bytes of the newest state, of weights and optimiser."""
    checkpoints = Checkpoints(Path(folder) / "checkpoints")
    state = checkpoints.restore(initial_state(start(), CONFIG))
    checkpoints.close()
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state)]


def test_a_whole_run_leaves_a_row_an_evaluation_and_its_last_state(squares, whole):
    folder, air = whole
    found = read_metrics(folder / "metrics.jsonl")
    assert [row["step"] for row in found] == list(range(2, 61, 2))
    assert all(np.isfinite(list(row.values())).all() for row in found)
    assert [row["seconds"] for row in found] == sorted(row["seconds"] for row in found)
    assert found[-1]["weight"] == watch(air, 60)["weight"]
    assert sorted(f.name for f in folder.iterdir()) == ["checkpoints", "metrics.jsonl"]
    # The last two states, of every four steps.
    assert {f.name for f in (folder / "checkpoints").iterdir() if f.is_dir()} == {"56", "60"}
    assert not eqx.tree_equal(air, start())


@pytest.fixture(scope="module")
def stopped(squares, tmp_path_factory):
    """Two runs of other processes, one killed and one terminated after their tenth step."""
    folder = tmp_path_factory.mktemp("stopped")
    np.save(folder / "images.npy", squares)
    script = SCRIPT.format(here=str(Path(__file__).parent))
    running = {}
    for name in ("kill", "terminate"):
        with (folder / f"{name}.txt").open("wb") as errors:
            command = [sys.executable, "-c", script, str(folder / name), str(folder / "images.npy")]
            running[name] = subprocess.Popen(command, stderr=errors)
    processes = dict(running)
    deadline = time.monotonic() + 300
    while running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        for name, process in list(running.items()):
            if process.poll() is not None or len(rows(folder / name)) >= 5:
                time.sleep(np.random.default_rng().uniform(0, 0.1))  # whatever it is doing then
                getattr(process, name)()
                del running[name]
    return folder, {name: process.wait() for name, process in processes.items()}


def test_a_killed_run_resumes(squares, whole, stopped):
    folder, status = stopped
    assert status["kill"] == -signal.SIGKILL, (folder / "kill.txt").read_text()
    assert 5 <= len(rows(folder / "kill")) < 30
    assert_resumes(folder / "kill", squares, whole)


def test_a_terminated_run_saves_its_state_and_resumes(squares, whole, stopped):
    folder, status = stopped
    last = rows(folder / "terminate")[-1]["step"]
    assert status["terminate"] == 1 and 10 <= last < 60
    assert f"Interrupted: stopped at step {last} of 60" in (folder / "terminate.txt").read_text()
    assert (folder / "terminate" / "checkpoints" / str(last)).is_dir()
    assert_resumes(folder / "terminate", squares, whole)


def test_an_interrupt_stops_after_the_step_and_resumes(squares, whole, tmp_path):
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    def interrupt(air, step):
        if step == 10:
            os.kill(os.getpid(), signal.SIGINT)
        return watch(air, step)

    with pytest.raises(Interrupted, match="stopped at step 10 of 60"):
        go(tmp_path, squares, evaluate=interrupt)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    # 10 is no multiple of save_every: it was saved as it was the last.
    assert (tmp_path / "checkpoints" / "10").is_dir()
    # A kill in the midst of writing leaves half a row.
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 12, "objective": -12')
    assert_resumes(tmp_path, squares, whole)
    # Nothing is left to do.
    before = (tmp_path / "metrics.jsonl").read_bytes()
    assert eqx.tree_equal(go(tmp_path, squares, resume=True), whole[1])
    assert (tmp_path / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize("save_every", [1, 100])
def test_a_bound_that_is_no_number_stops_the_run_with_its_last_good_state(
    squares, tmp_path, save_every
):
    config = replace(CONFIG, learning_rate=1e30, evaluate_every=1, save_every=save_every)
    with pytest.raises(InputError) as caught:
        go(tmp_path, squares, config)
    last = rows(tmp_path)[-1]["step"]
    message = str(caught.value)
    assert f"between steps {last} and {last + 1};" in message and "\n" not in message
    assert str(tmp_path / "checkpoints") in message and "--learning-rate" in message
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    state = checkpoints.restore(initial_state(start(), config))
    checkpoints.close()
    assert int(state.step) == last
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.weights))


@pytest.fixture
def saved(tmp_path):
    """Checkpoints of steps 2 and 4, and their state."""
    state = initial_state(start(), CONFIG)
    checkpoints = Checkpoints(tmp_path)
    for step in (2, 4):
        checkpoints.save(state._replace(step=jnp.int32(step)))
    yield checkpoints, state
    checkpoints.close()


def test_the_newest_checkpoint_is_restored(saved):
    checkpoints, state = saved
    restored = checkpoints.restore(state)
    assert int(restored.step) == 4
    assert eqx.tree_equal(restored, state._replace(step=jnp.int32(4)))


def test_a_checkpoint_of_older_names_and_form(tmp_path):
    """A tree by the attributes of the time, with the side beside the network's weights."""
    state = initial_state(start(where_proposal="difference"), CONFIG)
    tree: dict = {}
    for name, leaf in stored_leaves(state).items():
        node = tree
        for part in name.split(".")[:-1]:
            node = node.setdefault(part, {})
        node[name.rpartition(".")[2]] = leaf
    assert tree["weights"]["posterior"]["glimpses"]["0"].keys() == {"look", "think", "propose"}
    tree["weights"]["posterior"]["preferred"] = jnp.zeros(())
    with ocp.CheckpointManager(tmp_path) as manager:
        manager.save(4, args=ocp.args.StandardSave({"state": tree}))
    checkpoints = Checkpoints(tmp_path)
    assert eqx.tree_equal(checkpoints.restore(state), state)
    with pytest.raises(InputError, match="is not of this model"):
        checkpoints.restore(initial_state(start(), CONFIG))
    checkpoints.close()


def test_no_checkpoint_yet(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new" / "folder")
    assert checkpoints.restore(initial_state(start(), CONFIG)) is None
    checkpoints.close()


@pytest.mark.parametrize("damage", ["all emptied", "arrays gone", "metadata cut"])
def test_a_damaged_checkpoint(saved, tmp_path, damage):
    checkpoints, state = saved
    for file in [f for f in (tmp_path / "4").rglob("*") if f.is_file()]:
        if damage == "all emptied":
            file.write_bytes(b"")
        elif damage == "arrays gone" and file.parent.name == "d":
            file.unlink()
        elif damage == "metadata cut" and file.name == "_METADATA":
            file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError) as caught:
        checkpoints.restore(state)
    message = str(caught.value)
    assert message.startswith(f"the checkpoint of step 4 in {tmp_path} cannot be read: ")
    assert message.endswith("; remove it to go on from the one before")
    assert len(message) < 600 and "\n" not in message
    # As it says:
    (tmp_path / "4").rename(tmp_path.parent / f"{tmp_path.name}-damaged")
    again = Checkpoints(tmp_path)
    assert int(again.restore(state).step) == 2
    again.close()


def test_a_checkpoint_of_another_model(saved, tiny):
    other = initial_state(tiny(n_hidden=9), CONFIG)
    with pytest.raises(InputError, match="the checkpoint of step 4 .* cannot be read"):
        saved[0].restore(other)


@contextmanager
def little_room():
    """Files cannot grow beyond a few bytes: to a program, a full disk with another name.

    That of the tests' own output among them, so for one call only.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_checkpoint_that_cannot_be_written_leaves_those_before(saved, tmp_path):
    checkpoints, state = saved
    wanted = r"cannot write a checkpoint in .*; make room"
    with pytest.raises(InputError, match=wanted) as caught, little_room():
        checkpoints.save(state._replace(step=jnp.int32(6)))
    assert len(str(caught.value)) < 600
    again = Checkpoints(tmp_path)
    assert int(again.restore(state).step) == 4
    again.close()


ROW = {
    "step": 2,
    "objective": -1.5,
    "count_accuracy": 0.5,
    "seconds": 1.0,
    "images_per_second": 9.0,
}


def record(folder, step=0, tensorboard=False):
    return Record(folder, 10, step, tensorboard, Console(file=io.StringIO()))


def test_the_record_keeps_the_rows_up_to_the_step(tmp_path):
    first = record(tmp_path)
    for step in (2, 4, 6):
        first.add({**ROW, "step": step})
    first.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 8, "obj')
    assert [row["step"] for row in read_metrics(tmp_path / "metrics.jsonl")] == [2, 4, 6]
    second = record(tmp_path, step=4)
    assert second.rows == [{**ROW, "step": 2}, {**ROW, "step": 4}]
    second.add({**ROW, "step": 6, "objective": -9.0})
    second.close()
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["objective"] for line in lines] == [-1.5, -1.5, -9.0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
def test_a_row_that_cannot_be_written(tmp_path):
    one = record(tmp_path)
    (tmp_path / "metrics.jsonl").unlink()
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"cannot write .*metrics.jsonl: No space left on device"):
        one.add(ROW)
    one.close()


def test_progress_is_a_line_an_evaluation_where_there_is_no_terminal(tmp_path):
    console = Console(file=io.StringIO(), width=200)
    one = Record(tmp_path, 10, 0, False, console)
    one.add(ROW)
    one.close()
    line = "step      2  objective -1.5  counts 50.0%  9 images/s  1.0 s"
    assert line in console.file.getvalue()


def test_tensorboard_files(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX, an extra, is not installed")
    one = record(tmp_path, tensorboard=True)
    one.add(ROW)
    one.close()
    (file,) = (tmp_path / "tensorboard").iterdir()
    assert file.name.startswith("events.out.tfevents")
    assert all(name.encode() in file.read_bytes() for name in ("objective", "count_accuracy"))


def test_without_tensorboard(tmp_path, monkeypatch, squares):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(InputError, match=r"pip install 'airscene\[tensorboard\]'"):
        go(tmp_path, squares, tensorboard=True)
    assert rows(tmp_path) == []
