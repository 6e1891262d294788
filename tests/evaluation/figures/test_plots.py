"""Plots: valid pictures, with what they show in numbers."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from airscene.evaluation import (
    Curve,
    accuracy_curves,
    bars,
    calibration,
    confusion,
    count_calibration,
    learning_curve,
    objective_curve,
    side_by_side,
)


def check(picture):
    image = Image.open(io.BytesIO(picture.data))
    assert image.format == "PNG" and image.size == (600, 400) and len(picture.data) < 100_000
    # Axes, grids and words are grey: a plot that drew nothing would have no colour.
    assert (np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1) > 40).mean() > 0.0003
    return json.loads(json.dumps(picture.shown, allow_nan=False))


def test_learning_curves_of_one_and_of_several_seeds():
    steps = np.arange(0, 500, 100)
    one = Curve(1, steps, np.linspace(0.3, 0.99, 5))
    other = Curve(2, steps[:3], np.array([0.33333333, 0.5, 0.98]))
    for curves in ([one], [one, other]):
        told = check(learning_curve(curves))["curves"]
        assert [c["seed"] for c in told] == [c.seed for c in curves]
        assert told[-1]["steps"] == curves[-1].steps.tolist()
    assert told[1]["count_accuracy"] == [0.3333, 0.5, 0.98]
    assert learning_curve([one]).data != learning_curve([one, other]).data


def test_objective_curves_begin_after_the_first_tenth():
    steps = np.arange(0, 2000, 100)
    curves = [Curve(seed, steps, np.linspace(-900.0, 600.0, 20) + 100 * seed) for seed in (1, 2)]
    told = check(objective_curve(curves))["curves"]
    assert [c["seed"] for c in told] == [1, 2]
    assert told[1]["objective"] == pytest.approx(curves[1].values, abs=0.05)
    assert objective_curve(curves).data != objective_curve(curves[:1]).data


def test_calibration_with_empty_bins():
    bins = count_calibration(np.array([[0.1, 0.9], [0.35, 0.65]]), np.array([1, 0]))
    told = check(calibration(bins))
    assert told["number"] == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert told["accuracy"][6] == 0 and told["accuracy"][9] == 1 and told["accuracy"][0] is None
    assert told["error"] == 0.375


def test_confusion_with_a_count_that_never_occurs():
    table = np.array([[98, 2, 0], [0, 0, 0], [1, 9, 90]])
    assert check(confusion(table))["images"] == table.tolist()


def test_bars_show_the_median_and_every_run():
    values = {"near": {"a": [0.2, 0.4, 0.9], "b": [0.5]}, "far": {"b": [0.1, 0.3]}}
    picture = bars(values, "share", shares=True)
    assert picture.shown == {"figure": "bars", "label": "share", "values": values}
    with Image.open(io.BytesIO(picture.data)) as image:
        colours = {tuple(c) for c in np.asarray(image.convert("RGB")).reshape(-1, 3)[::3].tolist()}
    assert {(0, 114, 178), (230, 159, 0)} <= colours


def test_bars_with_errors():
    values, errors = {"near": {"a": [0.2], "b": [0.5]}}, {"near": {"a": 0.02, "b": 0.2}}
    picture, without = bars(values, "variance", errors=errors, log=True), bars(values, "variance")
    assert check(picture)["standard_errors"] == errors
    assert picture.data != bars(values, "variance", log=True).data != without.data


def test_panels_hold_what_each_shows():
    curves = {"one": [([100.0, 200.0], [0.3, 0.9])], "other": [([100.0, 200.0], [0.3, 0.5])] * 2}
    panel = accuracy_curves(curves, "training step")
    both = side_by_side([panel, bars({"a": {"x": [1.0]}}, "number")])
    assert [shown["figure"] for shown in both.shown["panels"]] == ["accuracy_curves", "bars"]
    assert panel.shown["runs"]["other"][1] == {"x": [100, 200], "count_accuracy": [0.3, 0.5]}
    sizes = [Image.open(io.BytesIO(p.data)).size for p in (panel, both)]
    assert sizes[1] == (2 * sizes[0][0], sizes[0][1])


def test_more_curves_than_colours_are_all_drawn(monkeypatch):
    from airscene.evaluation.figures import plots

    drawn = []
    monkeypatch.setattr(plots, "_png", lambda axes: drawn.append(len(axes.lines)) or b"")
    plots.named_curves({f"{i}": [(0.0, 1.0), (1.0, 2.0)] for i in range(9)}, "x", "y")
    methods = {f"{i}": ([10, 100], [[0.5], [0.6]]) for i in range(5)}
    plots.label_curves({"a task": methods})
    assert drawn == [9, 5]
