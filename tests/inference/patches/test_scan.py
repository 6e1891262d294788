"""A whole image is explained by objects that lie over or under each other."""

from dataclasses import replace

import numpy as np
import pytest

from airscene.inference import PatchModel
from airscene.inference.patches import scan as scanning
from airscene.inference.patches.objects import local_canvas
from airscene.inference.patches.propose import propose, run_together
from airscene.inference.patches.scan import PATCH, scan
from airscene.model.stored import with_config

from .conftest import discs


@pytest.fixture(scope="module")
def either(trained):
    """The trained networks, with objects over or under each other."""
    config = replace(trained.air.config, composition="either")
    return with_config(trained.air, config)


def explained(air, one):
    prepared = PatchModel(air, "either").prepare(one.image)[1][0]
    (found,) = run_together(air, [scan(air, prepared.less)])
    return prepared, found


def test_the_canvas_is_that_of_the_objects_in_their_order(either):
    one = discs(25, (120, 130), 3)
    prepared, found = explained(either, one)
    assert abs(len(found.objects) - 25) <= 4
    side = PATCH * either.config.pixels
    height, width = prepared.less.shape[1:]
    for x, y in ((0, 0), (width // 2, height // 3), (width // 4, height // 2)):
        like = np.zeros((prepared.less.shape[0], side, side), np.float32)
        corner = x + side, y + side
        wanted, covered = local_canvas(either.composition, found.objects, corner, like)
        part = found.canvas[:, y : y + side, x : x + side]
        rows, columns = part.shape[1:]
        assert np.allclose(part, wanted[:, :rows, :columns], atol=1e-5)
        assert 0.0 <= covered.min() <= covered.max() <= 1.0


def test_an_object_that_is_proposed_again_where_it_was_displaced_explains_more(either):
    prepared, found = explained(either, discs(25, (120, 130), 3))
    whole = scanning._Whole(either, prepared.less)
    whole.objects = list(found.objects)
    for one in found.objects:
        whole._draw_again(one)
    assert np.allclose(whole.error, (whole.image - whole.canvas) * whole.valid)
    right = loss(whole)
    one = max(found.objects, key=lambda one: one.gain)
    moved = replace(one, drawn=np.roll(one.drawn, 3, -1), mask=np.roll(one.mask, 3, -1))
    whole.objects = [moved if other is one else other for other in found.objects]
    whole._draw_again(moved)
    wrong = loss(whole)
    assert wrong > right + 0.1 * one.gain
    whole.replace([moved], propose(either, whole.without([moved])))
    assert loss(whole) < right + 0.5 * (wrong - right)
    assert not any(other is moved for other in whole.objects)


def test_scenes_of_objects_over_and_under_are_proposed_again(either, monkeypatch):
    one = discs(25, (120, 130), 3)
    _, after = explained(either, one)
    monkeypatch.setattr(scanning, "REFITS", 0)
    _, before = explained(either, one)
    assert after.proposals > before.proposals


def test_what_the_edge_cuts_off_costs_more(trained):
    one = discs(40, (160, 170), 5)
    # Cut through discs: a part of each is seen.
    cut = replace(one, image=np.ascontiguousarray(one.image[20:-20, 25:-25]))
    prepared, found = explained(trained.air, cut)
    worth, side = trained.air.config.calibration.worth, PATCH * trained.air.config.pixels
    valid = np.pad(np.ones(prepared.less.shape[1:]), side)
    shares = [(one.mask * valid[one.square]).sum() / one.mask.sum() for one in found.objects]
    prices = np.array([one.price for one in found.objects]) / worth
    at_edge = np.array(shares) < scanning.CUT
    assert at_edge.any() and (~at_edge).any()
    assert np.allclose(prices[at_edge], trained.air.config.edge_price)
    assert np.allclose(prices[~at_edge], trained.air.config.object_price)
    dear = replace(trained.air.config, edge_price=1e6)
    _, without = explained(with_config(trained.air, dear), cut)
    assert without.objects and all(one.price < worth for one in without.objects)


def test_without_inhibition_a_scan_ends_at_what_is_no_object(trained):
    """Where nothing is worth its price, it ends at once; with inhibition it looks everywhere."""
    dear = trained.with_prices(object_price=10.0).air
    prepared, found = explained(dear, discs(40, (160, 170), 5))
    (early,) = run_together(dear, [scan(dear, prepared.less, inhibits=False)])
    assert early.rounds == 1 < found.rounds
    assert 0 < early.proposals < found.proposals and not found.objects


def loss(whole):
    deficit = whole.model.likelihood.deficit(whole.error).sum()
    return float(deficit) + sum(one.kl + one.price for one in whole.objects)
