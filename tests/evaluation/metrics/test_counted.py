"""Counts, boxes and places on images that were counted by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from airscene.errors import InputError
from airscene.evaluation.metrics.counted import counted_metrics
from airscene.images.sets.counted import Counted, load_counted

IMAGE = np.zeros((20, 30), np.float32)
A, B, C = [0.0, 0.0, 10.0, 10.0], [12.0, 0.0, 22.0, 10.0], [0.0, 12.0, 10.0, 20.0]


def counted(*boxes) -> Counted:
    return Counted("x", IMAGE, len(boxes), np.array(boxes, float).reshape(-1, 4))


def found(*boxes) -> np.ndarray:
    return np.array(boxes, float).reshape(-1, 4)


def test_all_right():
    said = counted_metrics([found(B, A), found()], [counted(A, B), counted()], 10.0)
    assert said["count_mae"] == 0.0 and said["count_exact"] == 1.0
    assert said["f1_boxes"] == said["f1_dots"] == 1.0
    assert said["median_mae"] == 1.0 and said["mean_count"] == 1.0


def test_a_box_is_matched_once():
    """Two boxes on one object are one right and one wrong."""
    said = counted_metrics([found(A, A)], [counted(A, C)], 10.0)
    assert said["f1_boxes"] == pytest.approx(2 * 1 / 4)
    assert said["count_bias"] == 0.0


def test_a_place_within_half_an_object_is_right():
    near = [3.0, 0.0, 13.0, 10.0]
    far = [7.0, 0.0, 17.0, 10.0]
    assert counted_metrics([found(near)], [counted(A)], 10.0)["f1_dots"] == 1.0
    assert counted_metrics([found(far)], [counted(A)], 10.0)["f1_dots"] == 0.0
    assert counted_metrics([found(near)], [counted(A)], 10.0)["f1_boxes"] == 1.0


def test_only_counts_are_known():
    said = counted_metrics([found(A)], [Counted("x", IMAGE, 3, None)], 10.0)
    assert said["count_mae"] == 2.0 and "f1_boxes" not in said


def test_a_set_is_read_and_divided(tmp_path, monkeypatch):
    folder = tmp_path / "own" / "things"
    folder.mkdir(parents=True)
    truth = {}
    for k in range(10):
        Image.fromarray(np.full((4, 5), k, np.uint8)).save(folder / f"{k}.png")
        truth[f"{k}.png"] = {"count": k, "boxes": [[0, 0, 1, 1]] * k}
    (folder / "truth.json").write_text(json.dumps(truth))
    monkeypatch.setenv("AIRSCENE_DATA", str(tmp_path))
    training, held_out = load_counted("things")
    assert (len(training), len(held_out)) == (7, 3)
    assert sorted(one.count for one in training + held_out) == list(range(10))
    assert load_counted("things")[1][0].source == held_out[0].source
    with pytest.raises(InputError, match="there are no images of other"):
        load_counted("other")
    (folder / "truth.json").write_text("{}x")
    with pytest.raises(InputError, match="does not say what the images hold"):
        load_counted("things")
