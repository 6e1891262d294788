"""A whole image is explained by objects that lie over or under each other."""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest

from airscene.inference import PatchModel
from airscene.inference.patches import scan as scanning
from airscene.inference.patches.objects import local_canvas
from airscene.inference.patches.propose import run_together
from airscene.inference.patches.scan import PATCH, scan
from airscene.model.patch.air import PatchAIR

from .conftest import discs


@pytest.fixture(scope="module")
def either(trained):
    """The trained networks, with objects over or under each other."""
    other = PatchAIR(replace(trained.air.config, composition="either"), key=jax.random.key(0))
    parts = [
        (model.glimpses, model.encoder, model.decoder, model.background)
        for model in (trained.air, other)
    ]
    return eqx.tree_at(lambda m: (m.glimpses, m.encoder, m.decoder, m.background), other, parts[0])


def explained(air, one):
    prepared = PatchModel(air, "either").prepare(one.image)[1][0]
    (found,) = run_together(air, [scan(air, prepared.less)])
    return prepared, found


def loss(air, prepared, found):
    price = air.config.object_price * air.config.calibration.worth
    deficit = air.likelihood.deficit(prepared.less - found.canvas).sum()
    return float(deficit) + sum(one.kl + price for one in found.objects)


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


def test_objects_that_are_proposed_again_explain_more(either, monkeypatch):
    one = discs(25, (120, 130), 3)
    prepared, after = explained(either, one)
    monkeypatch.setattr(scanning, "REFITS", 0)
    _, before = explained(either, one)
    assert after.proposals > before.proposals
    assert loss(either, prepared, after) <= loss(either, prepared, before) + 1e-3
