"""DRAW's runs: made once, and measured on the right scenes."""

import json
from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.paper.draw import DRAW_012, DRAW_013, draw_row
from airscene.paper.trained import trained
from airscene.runs.tasks import make_task
from airscene.runs.tasks.baselines import WATCHED, DRAWTask, elbo

TINY = replace(
    DRAW_012,
    data=replace(DRAW_012.data, digits="bundled", n_train=40, n_test=30),
    model=replace(DRAW_012.model, n_steps=2, n_hidden=4, n_cells=4),
    training=replace(
        DRAW_012.training, steps=4, batch_size=4, evaluate_every=2, save_every=2, warmup=1
    ),
    growth=((0, 1), (2, 2)),
)


@pytest.mark.slow
def test_a_run_is_made_once_and_measured(tmp_path):
    model = trained(TINY, tmp_path)
    lines = (tmp_path / "draw-012-1" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4]
    again = trained(TINY, tmp_path)
    assert eqx.tree_equal(again, model)
    row = draw_row(TINY, tmp_path)
    held_out = TINY.data.load("test")
    assert row["elbo"] == pytest.approx(elbo(model, held_out, 30)["elbo"], abs=1e-3)
    first, last = (json.loads(line)["validation_elbo"] for line in lines)
    assert row["last_tenth_gain"] == pytest.approx(last - first, abs=1e-6)
    # Validation scenes are of training digits, and neither trained on nor held out.
    task, training = make_task(TINY), TINY.data.load("train")
    assert isinstance(task, DRAWTask)
    validation = task.validation
    assert len(validation.images) == WATCHED
    assert not np.array_equal(validation.images[:30], training.images[:30])
    assert last == pytest.approx(elbo(model, validation, WATCHED)["elbo"], abs=1e-3)
    three = replace(TINY.data, counts=(3,)).load("test")
    assert row["unseen_count"] == 3 and row["unseen_elbo"] < row["elbo"] < 712.6
    assert row["unseen_elbo"] == pytest.approx(elbo(model, three, 30)["elbo"], abs=1e-3)
    with pytest.raises(InputError, match="of another configuration"):
        trained(replace(TINY, data=DRAW_013.data), tmp_path)
