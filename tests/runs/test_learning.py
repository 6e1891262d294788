"""Training learns to count: within half a minute on small scenes, and as well as promised."""

import io
import json

import jax
import numpy as np
import pytest
from rich.console import Console

from airscene.evaluation.metrics.scenes import average_precision, count_accuracy
from airscene.inference import Model
from airscene.model.air import AIR
from airscene.runs.fit import fit
from airscene.runs.preset import channels_first
from airscene.runs.presets import PRESETS
from airscene.training.air import annealed_bound
from airscene.training.loop import train

FAST = PRESETS["multi-mnist-fast"]


def test_a_short_training_learns_to_count_and_to_locate(tmp_path):
    """The fast preset at half the size, with fewer steps and units."""
    preset = FAST.override(
        digits="bundled",
        n_train=4000,
        n_test=500,
        # Half the side has a quarter of the pixels: half of sigma leaves the likelihood as it was.
        image_size=25,
        digit_size=14,
        sigma=0.15,
        object_size=0.0,
        n_steps=2,
        n_what=20,
        n_cells=10,
        n_hidden=64,
        n_features=64,
        n_layer=64,
        steps=600,
        batch_size=64,
        warmup=30,
        evaluate_every=600,
        save_every=600,
    )
    preset, training, held_out = preset.load()
    assert preset.model.object_size == pytest.approx(0.44, abs=0.05)
    air = AIR(preset.model, key=jax.random.key(preset.training.seed))
    images = channels_first(training.images)
    air = train(
        air,
        (images,),
        preset.training,
        annealed_bound(air, preset.training, images),
        folder=tmp_path,
        evaluate=lambda air, step: {},
        console=Console(file=io.StringIO()),
    )
    scenes = Model(air, "short").infer(held_out.images)
    probs = np.stack([scene.count_probs for scene in scenes])
    # A third by chance, two thirds for a model that never finds a second digit.
    assert count_accuracy(probs, held_out.counts) > 0.8
    # Nothing says that a box should be tight after so few steps: only that it is on the digit.
    assert average_precision(scenes, held_out, threshold=0.3) > 0.5


@pytest.mark.slow
def test_the_fast_preset_counts_98_of_100(tmp_path):
    fit(FAST, tmp_path / "run", digits="bundled", console=Console(file=io.StringIO()))
    evaluation = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert evaluation["count_accuracy"] >= 0.98
