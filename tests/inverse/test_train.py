"""The loop: it learns, ends on the bound, and goes on after a stop as if there had been none."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from made import CONFIG, LONG, check_resumes, go, make_pool, make_shapes, make_small, rows

from airscene.errors import InputError
from airscene.evaluation.renders import make_evaluate
from airscene.graphics import World
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.inverse.train import annealed_at, likelihood_at, train_inverse
from airscene.training.record import read_metrics

WORLD = World(mjcf="", types=("disc", "square", "triangle"), camera="", symmetry=(0, 4, 3))


def test_a_run_that_dies_goes_on_as_if_it_had_not(pool, tmp_path):
    check_resumes(go, pool, tmp_path)


def test_workers_that_are_killed_cost_nothing_but_time(tmp_path):
    """Killed before they are asked, and while they draw."""
    with make_pool() as pool:
        whole, pids = go(pool, tmp_path / "whole"), set()

        def scenes(n, seed):
            process = pool._workers[0].process
            pids.add(process.pid)
            if seed[1] in (1, 6):
                process.kill()
            elif seed[1] == 3:
                threading.Timer(0.005, process.kill).start()
            return make_shapes(n, seed)

        model, options = make_small(network="difference"), {"evaluate": lambda model, step: {}}
        after = train_inverse(model, scenes, pool, CONFIG, folder=tmp_path / "killed", **options)
    assert len(pids) == 4
    assert eqx.tree_equal(after, whole)
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_it_had_not_been(pool, tmp_path):
    script = str(Path(__file__).parent / "made.py")
    command = [sys.executable, script, str(tmp_path / "killed")]
    process = subprocess.Popen(command)
    try:
        while len(read_metrics(tmp_path / "killed" / "metrics.jsonl")) < 7:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert len(rows(tmp_path / "killed")) < 20
    whole = go(pool, tmp_path / "whole", LONG)
    assert eqx.tree_equal(go(pool, tmp_path / "killed", LONG, resume=True), whole)
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


@pytest.mark.parametrize("estimator", ["score", "score-baseline"])
def test_the_other_estimators_run(small, shapes, pool, tmp_path, estimator):
    config = InverseTrainConfig(**{**vars(CONFIG), "steps": 2, "estimator": estimator})
    model = small(network="recurrent")
    after = train_inverse(
        model, shapes, pool, config, folder=tmp_path, evaluate=lambda model, step: {}
    )
    assert not eqx.tree_equal(after.network, model.network)
    assert np.isfinite(rows(tmp_path)[0]["objective"])


@pytest.mark.slow
def test_learning_raises_the_bound(small, shapes, pool, tmp_path):
    model = small(network="difference", n_slots=1, n_hidden=64)
    one = lambda n, seed: shapes(n, seed=seed, slots=1)  # noqa: E731
    config = InverseTrainConfig(
        steps=400, evaluate_every=400, save_every=400, warmup=10, learning_rate=2e-3,
        blur=(3.0, 1.0), sigma=(0.3, 0.1),
    )  # fmt: skip
    measure = make_evaluate(one(100, (1, 0, 1)), pool, WORLD, likelihood_at(config, 400))
    before = measure(model, 0)
    train_inverse(model, one, pool, config, folder=tmp_path, evaluate=measure)
    after = read_metrics(tmp_path / "metrics.jsonl")[-1]
    # Where nothing was learnt the bound is that of finding nothing anywhere, about as before.
    assert after["bound"] > 0.6 * before["bound"]
    assert after["count_accuracy"] > 0.9 > before["count_accuracy"]
    assert after["position_error"] < 0.06


def test_annealing_ends_on_the_bound():
    assert likelihood_at(CONFIG, 0) == (3.0, 1.0)
    for step in (7, 8):
        assert likelihood_at(CONFIG, step) == pytest.approx((0.5, 0.2))
        assert annealed_at(CONFIG, step) == (0.0, 0.0, 1.0)
    start = annealed_at(CONFIG, 0)
    assert start == (CONFIG.floor, CONFIG.cross_entropy, 0.0)
    blurs = [likelihood_at(CONFIG, step).blur for step in range(9)]
    assert blurs == sorted(blurs, reverse=True)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (InverseConfig, "n_types", 0),
        (InverseConfig, "presence", 1.0),
        (InverseConfig, "image_shape", (1, 32, 32)),
        (InverseTrainConfig, "sigma", (1.0, 0.0)),
        (InverseTrainConfig, "anneal", 0.0),
        (InverseTrainConfig, "prefix", 1.5),
        (InverseTrainConfig, "cross_entropy", -1.0),
    ],
)
def test_options_out_of_range(kind, field, value):
    with pytest.raises(InputError, match=f"--{field.replace('_', '-')} is .* should be"):
        kind(**{field: value})
