"""Learning from a budget of labels: it learns, it chooses, and it sees nothing beyond it."""

import equinox as eqx
import jax
import numpy as np
import pytest

from airscene.paper.downstream import learning
from airscene.paper.downstream.learning import Labelled, accuracy, fit, learn
from airscene.runs.presets.baselines import Choice

SMALL = Choice(learning_rate=1e-2, noise=0.2, batch_size=50, layers=1, width=16)
STUCK = Choice(learning_rate=1e-9, batch_size=50, layers=1, width=16)


def two_objects(n, task, seed=0):
    """Scenes of two objects whose codes say their digits, and where they are, with noise."""
    rng = np.random.default_rng(seed)
    digits, x = rng.integers(10, size=(n, 2)), rng.normal(size=(n, 2))
    codes = 3.0 * np.eye(10)[digits] + 0.3 * rng.normal(size=(n, 2, 10))
    where = np.stack([0 * x, x, 0 * x], axis=2)
    inputs = np.concatenate([np.ones((n, 2, 1)), where, codes], axis=2).astype(np.float32)
    left, right = np.where(x[:, :1] < x[:, 1:], digits, digits[:, ::-1]).T
    return Labelled(inputs, digits.sum(axis=1) if task == "sum" else (right > left).astype(int))


@pytest.mark.parametrize("task", ["sum", "order"])
def test_a_shared_softmax_learns_digits_that_nobody_labels(task):
    model = fit(task, two_objects(300, task), 300, SMALL, 300, seed=1)
    # Guesses would be right for one in ten sums, and for 55% of orders.
    assert accuracy(model, two_objects(500, task, seed=1)) > (0.9 if task == "sum" else 0.85)


@pytest.mark.parametrize("digits", [False, True])
def test_an_embedding_is_learnt_from_too(digits):
    choice = Choice(learning_rate=1e-2, batch_size=50, layers=1, width=32, digits=digits)
    x = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    scenes = Labelled(x, (x[:, 0] * x[:, 1] > 0).astype(int))
    model = fit("order", scenes.part(slice(0, 300)), 300, choice, 150, seed=1)
    # Neither number alone says anything, so guessing would be right half of the time.
    assert accuracy(model, scenes.part(slice(300, 400))) > 0.85


def test_the_better_choice_learns_from_all(monkeypatch):
    made = []

    def watched(task, labelled, n, choice, *more):
        made.append((n, choice))
        return fit(task, labelled, n, choice, *more)

    monkeypatch.setattr(learning, "fit", watched)
    learnt = learn("sum", two_objects(100, "sum"), (STUCK, SMALL), 40, seed=1)
    assert made == [(80, STUCK), (80, SMALL), (100, SMALL)]
    assert learnt.chosen == 1 and learnt.validation[1] > learnt.validation[0]


def test_what_is_held_out_is_not_learnt_from():
    scenes = two_objects(100, "sum")
    other = Labelled(scenes.inputs, np.where(np.arange(100) < 80, scenes.classes, 0))
    one, same, more = (
        jax.tree.leaves(eqx.filter(fit("sum", data, n, SMALL, 20, 1, 0.5), eqx.is_array))
        for data, n in ((scenes, 80), (other, 80), (other, 100))
    )
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(one, more, strict=True))
