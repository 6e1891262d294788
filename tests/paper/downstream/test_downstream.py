"""Downstream tasks: right answers, scenes kept apart, embeddings in order, rows that say it all."""

import json

import numpy as np
import pytest

from airscene.images import LabelledScenes, load_digits
from airscene.inference import load
from airscene.paper.downstream.downstream import _quick, downstream, downstream_row
from airscene.paper.downstream.embeddings import (
    embedded,
    object_embedding,
    standardised_objects,
)
from airscene.paper.downstream.protocol import (
    Choice,
    Protocol,
    ascending,
    digit_sum,
    two_digit_pools,
)


def scene(first, second):
    """A scene of two digits, each a label and its ink box."""
    labels, boxes = zip(first, second, strict=True)
    return LabelledScenes(
        images=np.zeros((1, 50, 50), np.uint8),
        counts=np.array([2]),
        labels=np.array([labels]),
        boxes=np.array([boxes], np.float32),
        source="by hand",
    )


LEFT, RIGHT, LOW = (2, 5, 12, 25), (30, 4, 44, 20), (2, 28, 12, 48)


@pytest.mark.parametrize(
    ("first", "second", "total", "in_order"),
    [
        ((3, LEFT), (7, RIGHT), 10, 1),
        ((7, LEFT), (3, RIGHT), 10, 0),
        # The order in which they were made does not matter.
        ((7, RIGHT), (3, LEFT), 10, 1),
        ((3, RIGHT), (7, LEFT), 10, 0),
        ((9, LEFT), (9, RIGHT), 18, 0),
        ((0, LEFT), (0, RIGHT), 0, 0),
        # The same x: the upper one comes first.
        ((1, LEFT), (2, LOW), 3, 1),
        ((1, LOW), (2, LEFT), 3, 0),
    ],
)
def test_the_right_answers(first, second, total, in_order):
    scenes = scene(first, second)
    assert digit_sum(scenes).tolist() == [total]
    assert ascending(scenes).tolist() == [in_order]


def test_no_digit_is_in_two_pools():
    pools = two_digit_pools("bundled", (60, 50))
    assert [len(pool) for pool in pools] == [60, 50]
    training, test = load_digits("train", "bundled"), load_digits("test", "bundled")
    end = 10_000 - 10_000 // 12
    sources = [training.images[:end], training.images[end:], test.images]
    inks = [{ink(image) for image in images} for images in sources]
    for source, pool in zip((0, 2), pools, strict=True):
        assert set(pool.counts) == {2}
        for image, boxes in zip(pool.images, pool.boxes.astype(int), strict=True):
            for x0, y0, x1, y1 in boxes:
                cut = image[y0:y1, x0:x1].tobytes()
                assert [cut in ink for ink in inks] == [i == source for i in range(3)]
    again = two_digit_pools("bundled", (60, 50))
    np.testing.assert_array_equal(again.test.images, pools.test.images)


def ink(image):
    """A digit cut to its ink, as bytes."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].tobytes()


def test_objects_are_in_the_order_of_inference():
    images = two_digit_pools("bundled", (6, 1)).training.images
    images[0] = 0
    objects = object_embedding("multi-mnist")(images)
    assert objects.shape == (6, 2, 54)
    scenes = load("multi-mnist").infer(images)
    assert scenes[0].count == 0 and not objects[0, :, 1:].any()
    for two, one in zip(objects, scenes, strict=True):
        for numbers, thing in zip(two, one.objects, strict=False):
            np.testing.assert_allclose(numbers[0], thing.presence, atol=1e-5)
            np.testing.assert_allclose(numbers[4:], thing.what, atol=1e-6)
        assert not two[len(one.objects) :, 1:].any()


def test_objects_are_standardised_where_they_are():
    raw = [np.random.default_rng(i).normal(3.0, 2.0, (200, 2, 5)) for i in range(2)]
    for x in raw:
        x[:20, 1, 1:] = 0.0
        x[..., 0] = 0.7
    found = standardised_objects(raw)
    assert not found[0][:20, 1, 1:].any() and not found[1][:20, 1, 1:].any()
    there = np.concatenate([found[0][:20, 0], found[0][20:].reshape(-1, 5)])
    np.testing.assert_allclose(there[:, 1:].mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(there[:, 1:].var(axis=0).mean(), 1.0, atol=1e-4)
    np.testing.assert_array_equal(there[:, 0], np.float32(0.7))
    # What is tested on is moved and scaled as what is learnt from.
    ratio = (found[1][:, 0, 1:] - found[0][:, 0, 1:]) / (raw[1] - raw[0])[:, 0, 1:]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-3)


SMALL = Protocol(
    digits="bundled",
    pools=(60, 50),
    sizes=(30, 60),
    seeds=(1, 2),
    head_steps=(20, 20),
    object_choices=(
        Choice(batch_size=10, layers=1, width=16),
        Choice(learning_rate=1e-9, noise=0.5, batch_size=10, layers=1, width=16),
    ),
)


def test_embeddings_are_kept(tmp_path, monkeypatch):
    first = embedded("air", SMALL, tmp_path)
    assert [len(x) for x in first] == [60, 50]
    monkeypatch.setattr("airscene.paper.downstream.embeddings.load", None)
    for kept, made in zip(embedded("air", SMALL, tmp_path), first, strict=True):
        np.testing.assert_array_equal(kept, made)
    # Of other scenes they are made anew.
    with pytest.raises(TypeError):
        embedded("air", _quick(SMALL), tmp_path)


def test_a_row_says_what_was_tried_and_repeats(tmp_path):
    row = downstream_row("air", "order", 30, SMALL, tmp_path)
    assert json.loads(json.dumps(row)) == row
    assert (row["method"], row["task"], row["size"]) == ("air", "order", 30)
    assert len(row["accuracies"]) == len(row["validation"]) == 2
    assert row["chosen"] == [int(np.argmax(reached)) for reached in row["validation"]]
    assert [choice["noise"] for choice in row["choices"]] == [0.0, 0.5]
    assert row["accuracy"] == np.median(row["accuracies"])
    assert downstream_row("air", "order", 30, SMALL, tmp_path) == row


def test_the_lead_is_over_the_best_of_all_others(tmp_path):
    rows = [
        {
            "run": f"{m}-{t}-{s}",
            "finished": True,
            "method": m,
            "task": t,
            "size": s,
            "accuracy": a,
            "accuracies": [a],
        }
        for t in ("sum", "order")
        for m, reached in (("air", (0.9, 0.65)), ("cae", (0.2, 0.3)), ("cnn", (0.1, 0.63)))
        for s, a in zip((500, 1600), reached, strict=True)
    ]
    ahead = downstream().claims[0].of
    assert ahead(rows) is None
    draw = [{**row, "run": row["run"].replace("cae", "draw")} for row in rows]
    rows += [row for row in draw if row["run"].startswith("draw")]
    assert ahead(rows) == pytest.approx(0.7)
    claims = downstream().claims[:4]
    said = [(claim.ours(rows), claim.verdict(rows)) for claim in claims]
    assert said == [("70.0%", "met"), ("2.0%", "missed by 3.0%")] * 2
    reached = {c.run: c.verdict(rows) for c in downstream().claims[4:]}
    assert reached["air-sum-500"] == "met" and reached["air-order-1600"] == "missed by 25.0%"
    assert reached["dair-sum-500"] == "not made"
    downstream().draw(rows[:12], tmp_path, tmp_path)
    shown = json.loads((tmp_path / "downstream.json").read_text())
    assert shown["panels"]["ascending order"][0]["accuracies"] == [[0.9], [0.65]]


def test_every_size_has_its_steps_and_no_row_another_ones_name():
    units = downstream().units
    assert len({unit.run for unit in units}) == len(units) == 5 * 2 * 5
    assert len(downstream(quickly=True).units) == 5 * 2 * 2
    for unit in units:
        assert unit.configuration["steps"] > 0 and len(unit.configuration["choices"]) == 4
    # Rows of the protocol that had validation labels beside the budget are none of this one.
    assert {unit.number for unit in units} == {2}
