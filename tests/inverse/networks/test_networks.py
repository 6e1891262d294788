"""What the networks propose stays in reach, and what they do not look at does not matter."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.networks.networks import (
    POSITION_CAP,
    POSITION_REACH,
    ROTATION_CAP,
    Carry,
    propose,
)
from airscene.model.weights import load_module, save_weights

CONFIG = InverseConfig()
read = jax.jit(lambda *outputs: propose(*outputs, CONFIG))


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(0.1, 1e3))
def test_proposals_stay_in_reach(seed, size):
    rng = np.random.default_rng(seed)
    q = read(*(jnp.asarray(size * rng.normal(size=n), jnp.float32) for n in (4, 4, 2)))
    spread = np.array([CONFIG.position_spread] * 2 + [CONFIG.rotation_spread])
    reach = np.array([POSITION_REACH, POSITION_REACH, np.inf])
    cap = np.array([POSITION_CAP, POSITION_CAP, ROTATION_CAP])
    assert np.all(np.abs(q.mean) * spread <= reach + 1e-5)
    assert np.all(q.scale * spread <= cap + 1e-6) and np.all(q.scale >= 0.0)
    assert jnp.exp(q.log_q).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("network", ["recurrent", "difference"])
def test_what_a_network_looks_at(small, network):
    model = small(network=network, n_cameras=1)
    looks, hidden = network == "difference", 8 * (network == "recurrent")
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.uniform(size=shape), jnp.float32)  # noqa: E731
    step = eqx.filter_jit(model.network)
    image, canvas, camera = draw(8, 8, 3), draw(8, 8, 3 * looks), draw(1)
    carry = Carry(draw(hidden), draw(7))
    base = step(image, canvas, carry, camera)[0]
    changed = {
        "image": step(image + 0.3, canvas, carry, camera)[0],
        "camera": step(image, canvas, carry, camera + 1.0)[0],
        "canvas": step(image, canvas + 0.3, carry, camera)[0],
        "carry": step(image, canvas, Carry(-carry.hidden, carry.latents + 1), camera)[0],
    }
    differs = {name: not np.allclose(q.mean, base.mean) for name, q in changed.items()}
    assert differs == {"image": True, "camera": True, "canvas": looks, "carry": not looks}


def test_weights_can_be_kept(small, tmp_path):
    model = small(n_cameras=1)
    save_weights(model, tmp_path / "model.safetensors")
    loaded = load_module(tmp_path / "model.safetensors", InverseAIR, InverseConfig)
    assert loaded.config == model.config and eqx.tree_equal(loaded, model)
