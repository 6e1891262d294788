"""The estimators' expectations against the exact gradient of the bound, all choices summed over."""

import itertools
import math
from functools import partial

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.inverse.latents import log_prior
from airscene.inverse.model import Drawn
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.objective.estimators import Scores
from airscene.inverse.objective.surrogate import Annealed, surrogate

SLOTS, TYPES = 2, 2
CHOICES = list(itertools.product([False, True], range(TYPES)))


@pytest.fixture(scope="module")
def case(small):
    """A model that tells its alternatives apart, one scene's image and noise."""
    model = small(
        network="recurrent", n_types=TYPES, n_cameras=1, image_shape=(3, 8, 8), n_hidden=4, seed=3
    )
    # Larger outputs than at first, so that steps depend on each other.
    model = jax.tree.map(lambda x: 2.0 * x if eqx.is_inexact_array(x) else x, model)
    keys = jax.random.split(jax.random.key(1), 3)
    image = jax.random.uniform(keys[0], (8, 8, 3))
    normal, camera = jax.random.normal(keys[1], (SLOTS, 3)), jax.random.normal(keys[2], (1,))
    return model, image, jnp.zeros((SLOTS, 8, 8, 0)), normal, camera


def likelihood(weights, z_where, z_camera):
    """A made-up log p(x | a, z); weights [slots, types] is 1 for what is there.

    Slots interact, and each depends on its pose and on the camera.
    """
    flavour = jnp.arange(1.0, TYPES + 1.0)
    angle = z_where @ jnp.array([1.0, -0.7, 0.4]) + 0.5 * z_camera[0]
    each = weights * (jnp.sin(angle)[:, None] * flavour + flavour**2 / 2.0)
    drawn = weights.sum()
    return 3.0 * each.sum() - 1.5 * drawn**2 + 2.0 * jnp.prod(each.sum(axis=1)) - z_camera[0] ** 2


def one_hot(present, kind):
    return jax.nn.one_hot(kind, TYPES) * present[:, None]


def exact_bound(model, image, canvases, normal, camera):
    """The bound for given noise, summed over both slots' alternatives."""
    prior, total = log_prior(model.config), 0.0
    for first, second in itertools.product(range(1 + TYPES), repeat=2):
        a = jnp.array([first, second])
        drawn = Drawn(a > 0, jnp.maximum(a - 1, 0), normal, camera)
        replay = model.replay(image, canvases, drawn)
        log_q = replay.log_q[jnp.arange(2), a].sum()
        gain = likelihood(one_hot(drawn.present, drawn.kind), replay.z_where, replay.z_camera)
        gain += prior[a].sum() - log_q - jnp.sum(drawn.present * replay.kl) - replay.kl_camera
        total += jnp.exp(log_q) * gain
    return total


def scores_of(model, image, canvases, drawn, drawn_gradient):
    """What a renderer would say, with exact derivatives."""
    replay = model.replay(image, canvases, drawn)
    z, cam = replay.z_where, replay.z_camera
    there = one_hot(drawn.present, drawn.kind)
    rows = []
    for i in range(SLOTS):
        kinds = jnp.concatenate([jnp.zeros((1, TYPES)), jnp.eye(TYPES)])
        before = there * (jnp.arange(SLOTS) < i)[:, None]
        rows.append([likelihood(before.at[i].set(kind), z, cam) for kind in kinds])
    total = likelihood(there, z, cam)
    by_pose, by_camera = jax.grad(likelihood, (1, 2))(there, z, cam)
    weights = drawn.present * 1.0
    if not drawn_gradient:
        last = there.at[-1].set(jax.nn.one_hot(drawn.kind[-1], TYPES))
        by_pose = by_pose.at[-1].set(jax.grad(likelihood, 1)(last, z, cam)[-1])
        weights = weights.at[-1].set(-jnp.expm1(replay.log_q[-1, 0]))
    table = jnp.array([[jnp.asarray(x) for x in row] for row in rows])
    return Scores(total, table, by_pose, weights, by_camera)


def make_moments(case, estimator, baseline=None):
    """A function to the mean and variance of value and gradient over all draws, by probability."""
    model, image, canvases, normal, camera = case
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)

    @jax.jit
    @partial(jax.vmap, in_axes=(0, 0, None))
    def each(present, kind, annealed):
        drawn = Drawn(present, kind, normal, camera)
        replay = model.replay(image, canvases, drawn)
        there = jax.nn.log_softmax(replay.log_q[:, 1:])[jnp.arange(SLOTS), kind]
        absent = replay.log_q[:, 0]
        log_p = jnp.where(present, jnp.log(-jnp.expm1(absent)), absent) + there
        scores = scores_of(model, image, canvases, drawn, estimator != "enumerated")

        def value(arrays):
            one = eqx.combine(arrays, rest)
            return surrogate(one, image, canvases, drawn, scores, estimator, annealed, baseline)

        found, gradient = jax.value_and_grad(value)(arrays)
        return jnp.exp(log_p.sum()), found, jax.flatten_util.ravel_pytree(gradient)[0]

    pairs = np.array(list(itertools.product(CHOICES, repeat=SLOTS)))

    def moments(annealed=Annealed()):  # noqa: B008
        found = each(jnp.array(pairs[..., 0] > 0), jnp.array(pairs[..., 1]), annealed)
        p, values, gradients = (np.asarray(x, float) for x in found)
        assert p.sum() == pytest.approx(1.0, abs=1e-5)
        mean = p @ gradients
        return p @ values, mean, p @ (gradients - mean) ** 2

    return moments


@pytest.fixture(scope="module")
def exact(case):
    model, *rest = case
    arrays, frame = eqx.partition(model, eqx.is_inexact_array)
    bound = jax.jit(jax.value_and_grad(lambda a: exact_bound(eqx.combine(a, frame), *rest)))
    value, gradient = bound(arrays)
    return float(value), np.asarray(jax.flatten_util.ravel_pytree(gradient)[0], float)


@pytest.fixture(scope="module")
def estimates(case):
    baseline = Baseline(case[0].config, key=jax.random.key(5))
    # One that says something else at each step.
    baseline = eqx.tree_at(
        lambda b: b.networks.layers[-1].bias, baseline, jnp.array([[0.02], [-0.03]])
    )
    return {
        "enumerated": make_moments(case, "enumerated"),
        "enumerated with a baseline": make_moments(case, "enumerated", baseline),
        "score": make_moments(case, "score"),
        "score-baseline": make_moments(case, "score-baseline", baseline),
    }


@pytest.mark.parametrize(
    "name", ["enumerated", "enumerated with a baseline", "score", "score-baseline"]
)
def test_the_expectation_is_the_exact_gradient(estimates, exact, name):
    value, gradient, _ = estimates[name]()
    assert value == pytest.approx(exact[0], rel=1e-4)
    np.testing.assert_allclose(gradient, exact[1], atol=2e-4 * np.abs(exact[1]).max())


def test_every_layer_has_a_gradient(case, exact):
    _, unravel = jax.flatten_util.ravel_pytree(eqx.filter(case[0], eqx.is_inexact_array))
    for path, leaf in jax.tree_util.tree_leaves_with_path(unravel(jnp.float32(exact[1]))):
        assert np.any(leaf != 0.0), path


def test_enumeration_has_less_variance(estimates):
    variance = {name: estimates[name]()[2].sum() for name in ("enumerated", "score")}
    assert variance["enumerated"] < variance["score"]


def test_annealing_changes_the_gradient(estimates, exact):
    for annealed in (Annealed(floor=0.99), Annealed(cross_entropy=10.0), Annealed(whole=0.0)):
        _, gradient, _ = estimates["enumerated"](annealed)
        assert np.linalg.norm(gradient - exact[1]) > 0.01 * np.linalg.norm(exact[1])


def test_the_baseline_learns_the_signal(case):
    # Its gradient is that of minus the squared error.
    model, image, canvases, normal, camera = case
    baseline = Baseline(model.config, key=jax.random.key(5))
    drawn = Drawn(jnp.array([True, False]), jnp.array([1, 0]), normal, camera)
    scores = scores_of(model, image, canvases, drawn, True)

    def value(scale):
        scaled = jax.tree.map(lambda x: x * scale if eqx.is_inexact_array(x) else x, baseline)
        args = (model, image, canvases, drawn, scores, "score-baseline")
        return surrogate(*args, baseline=scaled)

    def error(scale):
        from airscene.inverse.objective.estimators import signals
        from airscene.objective.baseline import UNIT

        replay = model.replay(image, canvases, drawn)
        scaled = jax.tree.map(lambda x: x * scale if eqx.is_inexact_array(x) else x, baseline)
        told = scaled(image, canvases, drawn, replay)
        prior = log_prior(model.config)
        signal = signals(replay, drawn.alternatives, scores.total, prior)
        return jnp.sum(jnp.square((signal - told) / UNIT))

    slope = float(jax.grad(value)(1.0))
    assert slope == pytest.approx(-float(jax.grad(error)(1.0)), rel=1e-4)
    assert not math.isclose(slope, 0.0)
