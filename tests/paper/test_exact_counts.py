"""The sum over all subsets of candidates, against the definition."""

import itertools

import jax
import numpy as np
import pytest

from airscene.inference.patches.in_images import logistic
from airscene.inference.patches.objects import Found, square
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.paper.own.exact_counts import counts_of, marginals, subset_log_weights

CONFIG = PatchConfig(
    channels=1,
    object_size="10px",
    n_what=2,
    n_cells=4,
    n_hidden=4,
    n_layer=4,
    background="black",
    calibration=Calibration(0.3, 30.0, 0.5, 0.01, 0.3, 400.0),
)
SIDE = 8


@pytest.fixture(scope="module")
def model():
    return PatchAIR(CONFIG, key=jax.random.key(0))


def thing(corner: tuple[int, int], seed: int) -> Found:
    rng = np.random.default_rng(seed)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[2:6, 2:6] = rng.uniform(0.3, 0.9)
    drawn = mask[None] * np.float32(rng.uniform(0.3, 0.8))
    at = np.array(corner, np.float32) + SIDE / 2
    return Found(corner, drawn, mask, 0.4, at, 8.0, np.zeros(2, np.float32), rng.uniform(0.5, 2.0))


def by_definition(model, image, objects):
    """log p(x | S) of the whole canvas, one subset after the other."""
    padded = np.pad(image, ((0, 0), (SIDE, SIDE), (SIDE, SIDE)))
    valid = np.pad(np.ones(image.shape[1:]), SIDE)
    weights = np.zeros(2 ** len(objects))
    for there in itertools.product((0, 1), repeat=len(objects)):
        canvas, cost = np.zeros_like(padded), 0.0
        for one in (o for o, k in zip(objects, there, strict=True) if k):
            rows, columns = square(one.corner, SIDE)
            part = canvas[:, rows, columns]
            canvas[:, rows, columns] = part * (1.0 - one.mask) + one.drawn
            cost += one.kl + one.price
        log_p = -0.5 * (valid * np.square((padded - canvas) / 0.3)).sum()
        weights[sum(k << i for i, k in enumerate(there))] = log_p - cost
    return weights - weights[0]


@pytest.mark.parametrize("corners", [((9, 9), (20, 18)), ((9, 9), (11, 10), (12, 13), (4, 4))])
def test_weights_are_those_of_whole_canvases(model, corners):
    image = np.random.default_rng(1).uniform(0, 0.6, (1, 24, 20)).astype(np.float32)
    objects = [thing(corner, k) for k, corner in enumerate(corners)]
    found = subset_log_weights(model, image, objects)
    assert found == pytest.approx(by_definition(model, image, objects), abs=1e-3)


def test_objects_apart_are_there_each_by_itself(model):
    """Then the odds of each are those of its own gain, as the scan has it."""
    image = np.random.default_rng(2).uniform(0, 0.4, (1, 24, 30)).astype(np.float32)
    objects = [thing((8, 8), 3), thing((20, 8), 4), thing((20, 22), 5)]
    log_weights = subset_log_weights(model, image, objects)
    alone = [logistic(log_weights[1 << k]) for k in range(3)]
    assert marginals(log_weights) == pytest.approx(alone, abs=1e-4)
    counts = counts_of(log_weights)
    assert counts.sum() == pytest.approx(1.0) and len(counts) == 4
    assert counts @ np.arange(4) == pytest.approx(sum(alone), abs=1e-4)


def test_without_candidates_there_is_nothing(model):
    log_weights = subset_log_weights(model, np.zeros((1, 9, 9), np.float32), [])
    assert log_weights.tolist() == [0.0]
    assert len(marginals(log_weights)) == 0 and counts_of(log_weights).tolist() == [1.0]
