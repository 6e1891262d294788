"""Mistakes of a count, in scenes made so that each is the one that it is named for."""

import numpy as np
import pytest

from airscene.evaluation.metrics.splits import Mistakes, mistakes

LEFT, RIGHT = (0.0, 0.0, 10.0, 20.0), (20.0, 0.0, 30.0, 20.0)
UPPER, LOWER = (0.0, 0.0, 10.0, 9.0), (0.0, 9.0, 10.0, 20.0)
ACROSS = (0.0, 0.0, 30.0, 20.0)
BEYOND = (40.0, 30.0, 45.0, 40.0)
NONE = (np.nan,) * 4

CASES = {
    "right": ([LEFT, RIGHT], [RIGHT, LEFT], {}),
    "nothing": ([], [], {}),
    "split": ([LEFT, RIGHT], [UPPER, RIGHT, LOWER], {"split": 1}),
    "merged": ([LEFT, RIGHT], [ACROSS], {"merged": 2}),
    "missed": ([LEFT, RIGHT], [LEFT], {"missed": 1}),
    # A part of less than half is not enough, and two parts are.
    "missed in part": ([LEFT], [UPPER], {"missed": 1}),
    "spurious": ([LEFT], [LEFT, BEYOND], {"spurious": 1}),
    "on nothing": ([], [LEFT, BEYOND], {"spurious": 2}),
    "one twice": ([LEFT, RIGHT], [LEFT, LEFT], {"split": 1, "missed": 1}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_mistake(name):
    true, found, wanted = CASES[name]
    boxes = np.array([[*true, NONE, NONE][:2]])
    # What is beyond the count means nothing, wherever it is.
    steps = np.array([[*found, LEFT, LEFT, RIGHT, RIGHT][:4]])
    got = mistakes(boxes, np.array([len(found)]), steps)
    assert got == Mistakes(*([wanted.get(field, 0)] for field in Mistakes._fields))


def test_scenes_do_not_mix_and_orders_do_not_matter():
    rng = np.random.default_rng(0)
    cases = [CASES[name] for name in CASES]
    true = np.array([[*t, NONE, NONE][:2] for t, _, _ in cases])
    found = np.array([[*f, BEYOND, LEFT, LEFT][:3] for _, f, _ in cases])
    counts = np.array([len(f) for _, f, _ in cases])
    together = mistakes(true, counts, found)
    for field in Mistakes._fields:
        assert getattr(together, field).tolist() == [c[2].get(field, 0) for c in cases]
    for i, count in enumerate(counts):
        found[i, :count] = rng.permutation(found[i, :count])
    again = mistakes(true[:, ::-1], counts, found)
    assert all(np.array_equal(a, b) for a, b in zip(together, again, strict=True))


def test_a_box_without_area_is_no_part_of_anything():
    point = np.array([[[5.0, 5.0, 5.0, 5.0]]])
    got = mistakes(np.array([[LEFT]]), np.array([1]), point)
    assert got == Mistakes([0], [0], [1], [1])
