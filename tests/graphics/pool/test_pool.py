"""The pool: the same images and numbers as without it, and one clear line whatever goes wrong."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import faulty
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.graphics import (
    FunctionRenderer,
    PlaneRenderer,
    RendererError,
    RenderPool,
    SceneBatch,
    concatenate,
)
from airscene.graphics.pool.pool import _distinct, _end


@pytest.fixture(scope="module")
def pool():
    with RenderPool(partial(PlaneRenderer, (32, 48)), workers=2) as pool:
        yield pool


def discs(n: int) -> SceneBatch:
    return SceneBatch.of(np.zeros((n, 1), int), np.zeros((n, 1, 3)))


def squares(n: int) -> SceneBatch:
    return SceneBatch.of(np.ones((n, 1), int), np.zeros((n, 1, 3)))


def test_images_are_those_of_the_renderer(pool, plane_scenes):
    scenes = plane_scenes(100)
    assert pool.image_size == (32, 48) and pool.name == "PlaneRenderer"
    assert np.array_equal(pool.render(scenes), PlaneRenderer((32, 48)).render(scenes))
    assert pool.render(scenes[:0]).shape == (0, 32, 48, 3)


def test_images_that_do_not_fit_in_the_memory_at_once(pool, monkeypatch, plane_scenes):
    monkeypatch.setattr("airscene.graphics.pool.pool._MOST_BYTES", 50_000)
    scenes = plane_scenes(40, seed=1)
    assert np.array_equal(pool.render(scenes), PlaneRenderer((32, 48)).render(scenes))


def test_log_likelihoods(pool, plane_scenes):
    scenes, targets = plane_scenes(70), pool.render(plane_scenes(5, seed=2))
    scenes, which = concatenate([scenes[:40], scenes[:30]]), np.arange(70) % 5
    found = pool.log_likelihoods(scenes, targets, which, blur=0.0, sigma=0.2)
    errors = (pool.render(scenes) - targets[which].astype(float)) / 255.0
    exact = -0.5 * ((errors / 0.2) ** 2 + np.log(2 * np.pi * 0.2**2)).reshape(70, -1).sum(axis=1)
    np.testing.assert_allclose(found, exact, rtol=0, atol=0.01)  # of thousands of nats


def test_targets_that_do_not_fit_in_the_memory_at_once(pool, monkeypatch, plane_scenes):
    scenes, targets = plane_scenes(40), pool.render(plane_scenes(25, seed=2))
    which = np.random.default_rng(0).integers(25, size=40)
    whole = pool.log_likelihoods(scenes, targets, which, blur=1.0, sigma=0.2)
    # Seven targets of 32x48 pixels at a time.
    monkeypatch.setattr("airscene.graphics.pool.pool._MOST_BYTES", 33_000)
    parts = pool.log_likelihoods(scenes, targets, which, blur=1.0, sigma=0.2)
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    assert pool.log_likelihoods(scenes[:0], targets, which[:0], blur=1.0, sigma=0.2).shape == (0,)


def test_a_scene_that_is_there_twice_for_a_target_is_drawn_once(plane_scenes):
    scenes = plane_scenes(12)
    again = SceneBatch(scenes.types, scenes.poses.copy(), scenes.camera, scenes.look)
    again.poses[~again.present] += 1.0  # which means nothing
    both, which = concatenate([scenes, again]), np.tile(np.arange(12) % 5, 2)
    some, copies = _distinct(both, which)
    assert len(some) == 12 and np.array_equal(copies[:12], copies[12:])
    assert (np.diff(which[some]) >= 0).all()  # those of a target together
    for found, given in ((both.types, both.types), (which, which)):
        assert np.array_equal(found[some][copies], given)
    assert np.array_equal(both.poses[some][copies][both.present], both.poses[both.present])
    # For another target it is another.
    assert len(_distinct(both, np.repeat([0, 1], 12))[0]) == 24


def test_what_the_pool_refuses(pool, plane_scenes):
    scenes, targets = plane_scenes(3), np.zeros((2, 32, 48, 3), np.uint8)
    with pytest.raises(InputError, match=r"targets of \(48, 32\) pixels"):
        pool.log_likelihoods(scenes, targets.swapaxes(1, 2), np.zeros(3, int), blur=1.0, sigma=1.0)
    with pytest.raises(InputError, match="index of one of the targets"):
        pool.log_likelihoods(scenes, targets, np.array([0, 1, 2]), blur=1.0, sigma=1.0)
    with pytest.raises(InputError, match="blur is inf"):
        pool.log_likelihoods(scenes, targets, np.zeros(3, int), blur=np.inf, sigma=1.0)
    with pytest.raises(InputError, match="sigma 0"):
        pool.log_likelihoods(scenes, targets, np.array([0, 1, 1]), blur=1.0, sigma=0.0)


def test_a_worker_that_is_killed_costs_nothing_but_time(pool, plane_scenes):
    scenes = plane_scenes(50)
    first = pool.render(scenes)
    os.kill(pool._workers[0].process.pid, signal.SIGKILL)
    assert np.array_equal(pool.render(scenes), first)
    pool._workers[1].process.kill()
    pool._workers[1].process.join()
    assert np.array_equal(pool.render(scenes), first)
    assert np.array_equal(pool.render(scenes), first)


def test_scenes_over_which_a_worker_died_are_drawn_again(tmp_path, plane_scenes):
    scenes = plane_scenes(100)
    with RenderPool(partial(faulty.Faulty, "dies once", str(tmp_path)), workers=2) as pool:
        images = pool.render(scenes)
    assert (tmp_path / "died").exists()
    assert np.array_equal(images, PlaneRenderer((32, 32)).render(scenes))


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("raises", "Faulty raised ZeroDivisionError: no light"),
        ("dies", r"Faulty ended its process 3 times over scenes 0 to 1 \(killed by SIGKILL\)"),
        ("hangs", "Faulty hung: 3 s over scenes 0 to 1"),
        ("NaN", "Faulty returned a float64 array with NaN; images should be uint8"),
        ("floats", "Faulty returned a float64 array; images should be uint8"),
        ("nothing", "Faulty returned a NoneType; images should be uint8"),
        ("shape", r"images of the shape \(2, 32, 32\); they should be \(2, 32, 32, 3\)"),
    ],
)
def test_a_fault_is_one_line_that_names_the_renderer_and_leaves_a_pool_that_works(fault, line):
    with RenderPool(partial(faulty.Faulty, fault), workers=1, timeout=3.0) as pool:
        with pytest.raises(RendererError, match=line) as caught:
            pool.render(discs(2))
        assert "\n" not in str(caught.value)
        assert np.array_equal(pool.render(squares(2)), PlaneRenderer((32, 32)).render(squares(2)))


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (partial(faulty.Faulty, "no context"), "no OpenGL: install libosmesa6"),
        (partial(faulty.Faulty, "no file"), "Faulty raised RuntimeError: no file"),
        (
            partial(faulty.Faulty, "dies at once"),
            r"Faulty ended its process 3 times while it started \(exit status 3; what",
        ),
        (lambda: PlaneRenderer(), "cannot be sent to another process"),
    ],
)
def test_a_renderer_that_cannot_be_made(make, line):
    with pytest.raises(InputError, match=line):
        RenderPool(make, workers=1)


def test_a_function_is_a_renderer_and_a_worker_has_one_thread_and_no_jax(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    with RenderPool(partial(FunctionRenderer, faulty.threads, (2, 2)), workers=1) as pool:
        assert pool.name == "threads"
        assert pool.render(discs(1))[0, 0, 0].tolist() == [1, 0, 0]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


def test_nothing_is_left_behind(plane_scenes):
    pool = RenderPool(partial(FunctionRenderer, faulty.grey, (8, 8)), workers=2)
    assert pool.render(plane_scenes(9)).max() <= 150
    pids, name = [w.process.pid for w in pool._workers], pool._shared.block.name
    pool.close()
    pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(FileNotFoundError):
        SharedMemory(name)
    with pytest.raises(InputError, match="the pool is closed"):
        pool.render(discs(1))


@pytest.fixture
def interruptible():
    """Where tests run in the background of a shell, the shell has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_is_passed_on_and_leaves_a_pool_that_works():
    with RenderPool(partial(faulty.Faulty, "hangs"), workers=2) as pool:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            pool.render(discs(40))
        assert np.array_equal(pool.render(squares(9)), PlaneRenderer((32, 32)).render(squares(9)))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc says which processes are left")
@pytest.mark.parametrize("then", ["time.sleep(60)", "pool.render(some(0))"], ids=["idle", "busy"])
def test_a_program_that_is_killed_leaves_nothing(tmp_path, then):
    """Not even a worker whose renderer hangs."""
    script = tmp_path / "program.py"
    folder = str(Path(faulty.__file__).parent)
    script.write_text(
        textwrap.dedent(f"""
            import sys, time
            from functools import partial
            sys.path.insert(0, {folder!r})
            import faulty
            import numpy as np
            from airscene.graphics import RenderPool, SceneBatch
            def some(kind):
                return SceneBatch.of(np.full((40, 1), kind), np.zeros((40, 1, 3)))
            if __name__ == "__main__":
                pool = RenderPool(partial(faulty.Faulty, "hangs"), workers=2)
                pool.render(some(1))
                pids = [worker.process.pid for worker in pool._workers]
                print(pool._shared.block.name, *pids, flush=True)
                {then}
        """)
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as program:
        name, *pids = program.stdout.readline().split()
        time.sleep(0.5)
        program.kill()
    left = [Path("/dev/shm", name), *(Path("/proc", pid) for pid in pids)]
    assert len(left) == 3
    deadline = time.monotonic() + 20.0
    while any(path.exists() for path in left) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [path for path in left if path.exists()]


@pytest.mark.parametrize(("code", "said"), [(-9, "SIGKILL"), (-40, "signal 40"), (3, "status 3")])
def test_how_a_worker_ended(code, said):
    assert said in _end(code)


def test_a_pool_of_less_than_no_workers_is_refused():
    with pytest.raises(InputError, match="--workers is -1; it should be a whole number"):
        RenderPool(partial(PlaneRenderer, (8, 8)), workers=-1)
