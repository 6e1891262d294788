"""DRAW and the autoencoder are run as AIR is: folder, identity, resuming, weights."""

import dataclasses
import io
import json
import sys
from pathlib import Path

import equinox as eqx
import pytest
from rich.console import Console

from airscene.baselines.draw_config import DRAWConfig
from airscene.images.config import DataConfig
from airscene.runs.folder import InTheWay
from airscene.runs.presets.baselines import CAEPreset, DRAWPreset
from airscene.runs.run import run
from airscene.runs.tasks import make_task
from airscene.training.config import LoopConfig
from airscene.training.record import read_metrics

sys.path.insert(0, str(Path(__file__).parent))
from recipes import check_recipe  # noqa: E402

DATA = DataConfig(digits="bundled", image_size=50, digit_size=20, n_train=40, n_test=10)
TRAINING = LoopConfig(steps=4, batch_size=2, evaluate_every=2, save_every=2, seed=3)
SMALL = DRAWConfig(image_shape=(1, 50, 50), n_steps=2, n_latents=2, n_hidden=4, n_cells=4)
PRESETS = {
    "validation_elbo": DRAWPreset("draw-tiny", DATA, SMALL, TRAINING, growth=((0, 1), (2, 2))),
    "log_likelihood": CAEPreset(DATA, TRAINING),
}


def go(preset, folder, **options):
    return run(make_task(preset), folder, console=Console(file=io.StringIO()), **options)


@pytest.mark.parametrize("measured", PRESETS)
def test_a_baseline_is_run(tmp_path, measured):
    preset, folder = PRESETS[measured], tmp_path / "run"
    model = go(preset, folder)
    assert [row["step"] for row in read_metrics(folder / "metrics.jsonl")] == [2, 4]
    assert all(measured in row for row in read_metrics(folder / "metrics.jsonl"))
    assert (folder / "report.html").is_file()
    check_recipe(preset.name, folder)
    # A complete run is read.
    assert eqx.tree_equal(go(preset, folder, resume=True), model)
    # One of which only the newest checkpoint is left goes on from there.
    (folder / "model.safetensors").unlink()
    assert eqx.tree_equal(go(preset, folder, resume=True), model)
    other = dataclasses.replace(preset, training=dataclasses.replace(TRAINING, seed=4))
    with pytest.raises(InTheWay, match="has training.seed 3, not 4"):
        go(other, folder, resume=True)
    # One of before there were identities goes on too.
    said = json.loads((folder / "config.json").read_text())
    for name in ("identity", "schema", "number"):
        del said[name]
    (folder / "config.json").write_text(json.dumps(said))
    assert eqx.tree_equal(go(preset, folder, resume=True), model)
