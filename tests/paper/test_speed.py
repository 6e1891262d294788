"""Inference speed: what is timed is what is said to be; no test is of how long it took."""

import numpy as np

from airscene.inference import Model
from airscene.paper.speed import BATCH, COUNTS, inference_speed, speed


def test_every_number_of_objects_is_timed_alone_and_in_batches(tiny, monkeypatch):
    model, asked = Model(tiny(), "tiny"), []
    infer_arrays = model.infer_arrays

    def watched(prepared):
        asked.append(prepared)
        return infer_arrays(prepared)

    monkeypatch.setattr(model, "infer_arrays", watched)
    counts = np.array(COUNTS)
    images = np.zeros((len(counts), 12, 12), np.uint8)
    images += (10 * np.arange(len(counts), dtype=np.uint8))[:, None, None]
    row = speed(model, images, counts, rounds=10)
    assert row["step"] == round(row["image_3"] / 3, 4) > 0
    assert row["batched_step"] == round(row["batched_3"] / 3, 4) > 0
    assert all(row[f"{way}_{n}"] > 0 for way in ("image", "batched") for n in COUNTS)
    assert all(1 <= row[f"steps_{n}"] <= model.air.config.n_steps for n in COUNTS)
    # To see the steps, then a warm-up and 10 rounds of single images, then one and 3 of batches.
    sizes = [len(prepared) for prepared in asked]
    assert sizes == [1] * 4 + [1] * 4 * 11 + [BATCH] * 4 * 4
    for i, prepared in enumerate(asked[4:]):
        levels = np.rint(255 * prepared[:, 0, 0, 0] / 10)
        assert set(counts[levels.astype(int)]) == {COUNTS[i % 4]}


def test_rows_are_of_the_weights_that_are_there():
    units = inference_speed().units
    assert "multi-mnist" in [unit.run for unit in units]
    assert all(len(unit.configuration["weights_sha256"]) == 64 for unit in units)
