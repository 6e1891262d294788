"""Occam's razor: prices are those of the prior, and presets differ in nothing else."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from airscene.model.counts import count_log_prior
from airscene.paper.counting.occam import (
    OTHERS,
    PRICES,
    RHOS,
    errors,
    occam,
    with_rho,
)
from airscene.paper.counting.prices import priced, worths
from airscene.runs.presets.images import FAST

# Of scenes with 0, 1, 1 and 2 digits: the second is of a digit that can be split.
TRUE = np.array([0, 1, 1, 2])
WORTH = np.array(
    [
        [0.0, -30.0, -60.0, -90.0],
        [0.0, 300.0, 270.0, 240.0],
        [0.0, 250.0, 252.0, 222.0],
        [0.0, 280.0, 500.0, 470.0],
    ]
)


def test_presets_differ_in_the_prior_alone():
    assert with_rho(0.01) is FAST
    for rho in RHOS:
        preset = with_rho(rho)
        steps = np.diff(count_log_prior(preset.model.count_prior, preset.model.n_steps))
        assert np.allclose(steps, log(rho), rtol=1e-4)
        model = replace(preset.model, count_prior=FAST.model.count_prior)
        assert replace(preset, name=FAST.name, model=model) == FAST
    for prior in OTHERS.values():
        p = np.exp(count_log_prior(prior, FAST.model.n_steps))
        # A digit a scene, as in the data.
        assert p @ np.arange(4) == pytest.approx(1.0, abs=0.08)


def test_every_row_has_its_claim():
    made = occam()
    assert {unit.run for unit in made.units} == {claim.run for claim in made.claims if claim.run}
    assert len({(unit.run, unit.seed) for unit in made.units}) == len(made.units)


@pytest.mark.parametrize("rho", RHOS)
def test_a_price_is_that_of_the_geometric_prior(rho):
    by_prior = (WORTH + count_log_prior(with_rho(rho).model.count_prior, 3)).argmax(axis=1)
    assert np.array_equal(priced(WORTH, -log(rho)), by_prior)


def test_cheap_objects_split_and_dear_ones_are_left_out():
    assert priced(WORTH, -log(0.5)).tolist() == [0, 1, 2, 2]
    assert priced(WORTH, -log(exp(-5.0))).tolist() == [0, 1, 1, 2]
    assert priced(WORTH, 200.0).tolist() == [0, 1, 1, 2]
    assert priced(WORTH, 260.0).tolist() == [0, 1, 0, 1]
    assert not priced(WORTH, 1000.0).any()
    counts = np.array([priced(WORTH, price) for price in PRICES])
    # The dearer, the fewer: of no scene more.
    assert np.all(np.diff(counts, axis=0) <= 0)
    assert priced(WORTH, -31.0).tolist() == [3, 3, 3, 3]
    split = errors(priced(WORTH, 0.5), TRUE, "it")
    assert split == {"it_count_accuracy": 0.75, "it_more": 0.25, "it_fewer": 0.0}
    assert errors(priced(WORTH, 1000.0), TRUE, "it")["it_fewer"] == 0.75


def test_worth_brackets_the_prices_that_count_right():
    found = worths(WORTH, TRUE)
    assert found["digit_worth"] == 250.0 and found["spare_worth"] == -30.0
    # Between two values of three scenes.
    assert found["digit_worth_low"] == pytest.approx(220.0 + 0.02 * 30.0)
    assert found["spare_worth_high"] == pytest.approx(2.0 - 0.02 * 32.0)
