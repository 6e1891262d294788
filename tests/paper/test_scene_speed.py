"""Inference speed in 3-D: what is timed is what is said to be; no test is of how long it took."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.graphics import PlaneRenderer, SceneBatch
from airscene.inverse import unroll
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.networks.tower import last_layer
from airscene.paper import speed


@pytest.mark.parametrize("network", ["difference", "recurrent"])
def test_networks_alone_and_everything_are_timed(network, monkeypatch):
    monkeypatch.setattr(speed, "IMAGES", 2)
    config = InverseConfig(n_slots=2, image_shape=(3, 8, 8), n_hidden=8, network=network)
    # Every step finds something, so that every step is made.
    model = eqx.tree_at(
        lambda m: last_layer(m.network.what).bias,
        InverseAIR(config, key=jax.random.key(0)),
        jnp.array([9.0, 0.0, 0.0, 0.0]),
    )
    truth = SceneBatch.of(np.zeros((4, 2), int), np.zeros((4, 2, 3)))
    asked, renderer = [], PlaneRenderer((16, 16))

    def render(scenes):
        asked.append(len(scenes))
        return renderer.render(scenes)

    original, found = unroll.unroll, []

    def kept(*args):
        found.append(original(*args))
        return found[-1]

    monkeypatch.setattr(unroll, "unroll", kept)
    row = speed.scene_speed(model, truth, render, 10)
    # The truth, and what is before each of its steps; then, of one image before each step, a
    # warm-up and ten rounds.
    steps = 2 if network == "difference" else 0
    assert asked == [4] + [4] * steps + [1] * steps * 11
    # The networks alone, and everything, by turns: both see the same.
    alone, everything = ([run for run in found if len(run.scenes) == 1][k::2] for k in (0, 1))
    assert len(alone) == len(everything) == 11
    for one, other in zip(alone[1:], everything[1:], strict=True):
        np.testing.assert_array_equal(one.canvases, other.canvases)
        np.testing.assert_array_equal(one.scenes.poses, other.scenes.poses)
    assert all(value > 0 for value in row.values())
    assert row["step"] == pytest.approx(row["image"] / 2, abs=1e-4)
    assert row["network_step"] == pytest.approx(row["network_image"] / 2, abs=1e-4)


def test_claims_are_of_rows_that_are_made():
    result = speed.scene_inference_speed()
    assert {claim.run for claim in result.claims} <= {unit.run for unit in result.units}
    claim = result.claims[0]
    rows = [{"run": claim.run, "seed": 1, "finished": True, claim.key: 0.5}]
    assert (claim.ours(rows), claim.verdict(rows)) == ("0.5 ms (1 run)", "met")
