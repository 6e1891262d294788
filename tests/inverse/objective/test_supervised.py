"""The supervised network: its likelihood by hand, the labels' order, and that it learns."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made import check_resumes, make_shapes, make_small
from scipy.stats import norm

from airscene.evaluation.renders import make_evaluate
from airscene.graphics import ABSENT, Likelihood, SceneBatch, World
from airscene.inverse.latents import pose_spread
from airscene.inverse.model import latents
from airscene.inverse.networks.networks import (
    CAMERA_CAP,
    POSITION_CAP,
    ROTATION_CAP,
    Carry,
    first_carry,
)
from airscene.inverse.objective.supervised import (
    Labelled,
    conditional_log_likelihood,
    for_labels,
    label,
    train_supervised,
)
from airscene.inverse.unroll import as_inputs
from airscene.training.config import LoopConfig
from airscene.training.record import read_metrics

WORLD = World(mjcf="", types=("disc", "square", "triangle"), camera="", symmetry=(0, 4, 3))
CONFIG = LoopConfig(steps=8, batch_size=4, evaluate_every=2, save_every=4, learning_rate=1e-3)


@pytest.fixture(scope="module", params=["recurrent", "difference"])
def case(request):
    """A model with a camera, one scene's inputs, and its likelihood as a compiled function."""
    model = make_small(network=request.param, n_cameras=1, seed=1)
    rng = np.random.default_rng(0)
    seen = 3 if request.param == "difference" else 0
    image = jnp.asarray(rng.uniform(size=(8, 8, 3)), jnp.float32)
    canvases = jnp.asarray(rng.uniform(size=(2, 8, 8, seen)), jnp.float32)
    z_where, z_camera = (jnp.asarray(rng.normal(size=s), jnp.float32) for s in ((2, 3), (1,)))
    value = eqx.filter_jit(conditional_log_likelihood)
    return model, image, canvases, z_where, z_camera, value


def by_hand(case, types):
    """Log-probability of the alternatives, and log-density of what is continuous."""
    model, image, canvases, z_where, z_camera, _ = case
    network = eqx.filter_jit(model.network)
    mean, scale = model.see_camera(image)
    density, log_q, carry = norm.logpdf(z_camera, mean, scale).sum(), 0.0, first_carry(model.config)
    for i, kind in enumerate(types):
        proposal, hidden = network(image, canvases[i], carry, z_camera)
        log_q += float(proposal.log_q[kind + 1])
        if kind >= 0:
            density += norm.logpdf(z_where[i], proposal.mean, proposal.scale).sum()
        before = (jnp.array(kind >= 0), jnp.array(max(kind, 0)), z_where[i])
        carry = Carry(hidden, latents(*before, model.config))
    return log_q, density


@pytest.mark.parametrize("types", [(2, 0), (1, ABSENT), (ABSENT, ABSENT)])
def test_the_likelihood_by_hand(case, types):
    model, image, canvases, z_where, z_camera, value = case
    found = value(model, Labelled(image, canvases, jnp.array(types), z_where, z_camera))
    np.testing.assert_allclose(found, sum(by_hand(case, types)), rtol=1e-4)


def test_it_sums_to_one_over_the_alternatives(case):
    """With the densities divided out, what is left of all pairs of alternatives sums to 1."""
    model, image, canvases, z_where, z_camera, value = case
    total = 0.0
    for types in itertools.product(range(-1, 3), repeat=2):
        found = value(model, Labelled(image, canvases, jnp.array(types), z_where, z_camera))
        total += np.exp(float(found) - by_hand(case, types)[1])
    assert total == pytest.approx(1.0, rel=1e-3)


def test_an_absent_slots_pose_does_not_matter(case):
    model, image, canvases, z_where, z_camera, value = case
    labelled = Labelled(image, canvases, jnp.array([1, ABSENT]), z_where, z_camera)
    by_pose = jax.grad(lambda z: value(model, labelled._replace(z_where=z)))(z_where)
    assert np.abs(by_pose[0]).min() > 0 and not np.any(by_pose[1])


def test_spreads_start_near_their_caps(case):
    """Nine tenths and more, where inference without labels starts with a quarter."""
    model, image, canvases, _, z_camera, _ = case
    config = model.config
    caps = np.array([POSITION_CAP, POSITION_CAP, ROTATION_CAP]) / pose_spread(config)
    for some, least, most in ((model, 0.2, 0.35), (for_labels(model), 0.9, 1.0)):
        proposal, _ = some.network(image, canvases[0], first_carry(config), z_camera)
        camera = some.see_camera(image)[1] * config.camera_spread / CAMERA_CAP
        shares = np.concatenate([proposal.scale / caps, camera])
        assert shares.min() > least and shares.max() < most
        assert np.abs(proposal.mean).max() < 0.3


@pytest.mark.parametrize(
    ("order", "wanted"), [("sampled", (1, 2, 3)), ("type", (3, 1, 2)), ("left", (2, 3, 1))]
)
def test_orders(small, pool, order, wanted):
    """Present first, in the order; the canvas of a step is the render of the labels before it."""
    x = np.array([[np.nan, 0.6, -0.5, 0.1]])
    poses = np.stack([x, 0.0 * x, 2.0 + x], axis=2)
    truth = SceneBatch.of(np.array([[ABSENT, 2, 2, 0]]), poses)
    model = small(network="difference", n_slots=4)
    made = label(truth, pool.render(truth), pool, model.config, order)
    there = list(wanted)
    assert list(made.types[0]) == [*truth.types[0, there], ABSENT]
    np.testing.assert_allclose(
        made.z_where[0, :3] * pose_spread(model.config), poses[0, there], rtol=1e-5
    )
    assert not made.z_where[0, 3].any()
    assert not made.canvases[0, 0].any()
    # Later slots lie over earlier ones, so the order is in the picture, too.
    before = SceneBatch.of(truth.types[:, there], poses[:, there])
    full = as_inputs(pool.render(before), model.config)[0]
    np.testing.assert_allclose(made.canvases[0, 3], full, atol=0.01)
    assert np.abs(made.canvases[0, 2] - full).max() > 0.1


def go(pool, folder, **options):
    options = {"folder": folder, "evaluate": lambda model, step: {}, **options}
    model = make_small(network="difference")
    return train_supervised(model, make_shapes, pool, CONFIG, order="left", **options)


@pytest.mark.slow
def test_a_run_that_dies_goes_on_as_if_it_had_not(pool, tmp_path):
    check_resumes(go, pool, tmp_path)


@pytest.mark.slow
def test_learning_raises_the_likelihood(small, shapes, pool, tmp_path):
    """The recurrent network, started for labels."""
    model = small(network="recurrent", n_slots=1, n_hidden=64)
    one = lambda n, seed: shapes(n, seed=seed, slots=1)  # noqa: E731
    config = LoopConfig(
        steps=250, batch_size=32, evaluate_every=125, save_every=250, warmup=10, learning_rate=2e-3
    )
    measure = make_evaluate(one(100, (1, 0, 1)), pool, WORLD, Likelihood(1.0, 0.1))
    before = measure(model, 0)
    options = {"order": "sampled", "folder": tmp_path, "evaluate": measure}
    train_supervised(model, one, pool, config, **options)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert rows[-1]["objective"] > rows[0]["objective"] + 1.0
    assert rows[-1]["count_accuracy"] > 0.9 > before["count_accuracy"]
    # It is 0.25 where nothing is known of the place.
    assert rows[-1]["position_error"] < 0.1
