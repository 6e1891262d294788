"""The paper's estimator against the exact expectation over counts, on real digits."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from airscene.images import load_digits, multi_mnist
from airscene.model.counts import count_log_posterior
from airscene.objective.baseline import Baseline
from airscene.objective.bounds import enumerated, score_function

N_DRAWS = 3000

# Weight of the prefix term, as in the first part of a run.
PREFIX = 0.3

PRESENCE = "where.head.bias"


@pytest.fixture(scope="module")
def model(tiny):
    """Small, with counts near even and decoders that show something."""
    model = tiny(image_shape=(1, 20, 20), count_prior="table(4, 3, 2, 1)", seed=3)
    return eqx.tree_at(
        lambda m: (m.where.head.bias, m.decoder.layers.layers[-1].bias),
        model,
        (jnp.array([0.3, *[0.0] * 6]), jnp.full(16, 1.5)),
    )


@pytest.fixture(scope="module")
def images():
    scenes = multi_mnist(load_digits("train", "bundled"), 32, seed=0, image_size=20, digit_size=10)
    return jnp.asarray(scenes.images[:, None] / np.float32(255))


@pytest.fixture(scope="module")
def image(images):
    """The scene with the most ink."""
    return images[images.sum(axis=(1, 2, 3)).argmax()]


def draws(model, n, seed=0):
    keys = jax.random.split(jax.random.key(seed))
    return (jax.random.normal(keys[0], (n, 3, model.n_noise)), jax.random.uniform(keys[1], (n, 3)))


@pytest.fixture(scope="module")
def baseline(model, images):
    """A baseline trained a bit, the model staying as it is."""
    arrays, rest = eqx.partition(
        Baseline(model.config, key=jax.random.key(1)), eqx.is_inexact_array
    )
    optimiser = optax.adam(3e-3)

    def loss(arrays, noise, uniform):
        one = eqx.combine(arrays, rest)
        bounds = jax.vmap(
            lambda x, e, u: score_function(model, x, e, u, model.log_prior(), 0.0, one)
        )
        return -bounds(images, noise, uniform).mean()

    def update(carry, drawn):
        arrays, state = carry
        change, state = optimiser.update(jax.grad(loss)(arrays, *drawn), state)
        return (optax.apply_updates(arrays, change), state), None

    drawn = [x.reshape(200, 32, *x.shape[1:]) for x in draws(model, 6400, seed=9)]
    (arrays, _), _ = jax.jit(lambda c: jax.lax.scan(update, c, drawn))(
        (arrays, optimiser.init(arrays))
    )
    return eqx.combine(arrays, rest)


@pytest.fixture(scope="module")
def estimates(model, image, baseline):
    """Values, and gradients in each array of weights, one row a draw: the same draws for each."""
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)
    prior = model.log_prior()

    def on_draws(bound):
        def one(drawn):
            value = lambda arrays: bound(eqx.combine(arrays, rest), *drawn)  # noqa: E731
            return jax.value_and_grad(value)(arrays)

        values, gradients = jax.lax.map(one, draws(model, N_DRAWS), batch_size=100)
        named = {
            jax.tree_util.keystr(path, simple=True, separator="."): leaf.reshape(N_DRAWS, -1)
            for path, leaf in jax.tree.leaves_with_path(gradients)
        }
        return values, named

    def sampled(baseline, ways=(False, False)):
        return on_draws(
            lambda m, e, u: score_function(m, image, e, u, prior, PREFIX, baseline, 0.0, *ways)
        )

    sampled = eqx.filter_jit(sampled)

    @eqx.filter_jit
    def exact(sampled_kl=False):
        return on_draws(lambda m, e, u: enumerated(m, image, e, prior, PREFIX, 0.0, sampled_kl))

    new = Baseline(model.config, key=jax.random.key(1))
    every = {"exact": exact(), "none": sampled(None), "new": sampled(new)}
    every["trained"] = sampled(baseline)
    # The letter of the paper: the KL sampled, the whole learning signal, networks alone.
    neural = Baseline(model.config, key=jax.random.key(1), purely_neural=True)
    every |= {"sampled KL": exact(True), "paper": sampled(neural, (True, True))}
    return jax.tree.map(lambda x: np.asarray(x, float), every)


def standard_error(values):
    return values.std(axis=0) / len(values) ** 0.5


@pytest.mark.parametrize("which", ["none", "new", "trained", "sampled KL", "paper"])
def test_the_expectation_of_the_gradient_is_the_exact_one(estimates, which):
    (_, exact), (_, sampled) = estimates["exact"], estimates[which]
    rng = np.random.default_rng(0)
    for name in exact:
        mean = exact[name].mean(axis=0)
        along = np.stack([mean, *rng.normal(size=(4, len(mean)))])
        # The same noise in both: only the counts' own randomness is left.
        difference = (sampled[name] - exact[name]) @ along.T
        # Not below: a gradient may not depend on the counts at all.
        assert np.all(np.abs(difference.mean(axis=0)) <= 4.5 * standard_error(difference)), name
    # A path-wise gradient alone would have shown.
    exact, sampled = exact[PRESENCE][:, 0], sampled[PRESENCE][:, 0]
    assert abs(exact.mean()) > 8 * standard_error(sampled - exact)


@pytest.mark.parametrize("which", ["none", "trained", "sampled KL", "paper"])
def test_the_value_is_unbiased(estimates, which):
    difference = estimates[which][0] - estimates["exact"][0]
    assert abs(difference.mean()) < 4 * standard_error(difference)


def test_the_baseline_is_in_the_gradient_only(estimates):
    # Sums of terms of 700 nats in single precision.
    assert np.allclose(estimates["trained"][0], estimates["none"][0], rtol=1e-6, atol=1e-3)


def test_a_trained_baseline_takes_variance_away(estimates):
    spread = {
        name: gradients[PRESENCE].var(axis=0)[0] for name, (_, gradients) in estimates.items()
    }
    # The whole signal has the terms of earlier steps, which are noise to a later one.
    assert spread["none"] < spread["paper"]
    assert spread["exact"] < spread["trained"] < 0.8 * spread["new"] < 0.8 * spread["none"]


def test_the_value_is_that_of_the_count_drawn(model, image):
    """For every count, by hand: presence is drawn step by step until the first 0."""
    (noise,), _ = draws(model, 1)
    run = eqx.filter_jit(model.unroll)(image, noise)
    p = jax.nn.sigmoid(run.presence_logits)
    log_q = count_log_posterior(run.presence_logits)
    low, high = 0.5 * p, 0.5 * (1 + p)
    # What comes after the first 0 makes no difference.
    numbers = {
        0: [(high[0], low[1], low[2]), (high[0], high[1], low[2])],
        1: [(low[0], high[1], low[2]), (low[0], high[1], high[2])],
        2: [(low[0], low[1], high[2])],
        3: [(low[0], low[1], low[2])],
    }
    value = eqx.filter_jit(score_function)
    for n, rows in numbers.items():
        kl = float(run.kl[:n].sum())
        expected = run.log_likelihoods[n] - kl + model.log_prior()[n] - log_q[n]
        for row in rows:
            found = value(model, image, noise, jnp.stack(row), model.log_prior())
            assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_a_baseline_sees_the_steps_before_and_no_others(model, image, baseline):
    (noise,), _ = draws(model, 1)
    (other,), _ = draws(model, 1, seed=8)
    foretell = eqx.filter_jit(lambda noise: baseline(image, model.unroll(image, noise)))
    changed = [foretell(noise.at[i].set(other[i])) != foretell(noise) for i in range(3)]
    # Column i: which baselines the latents of step i change.
    assert np.array_equal(np.stack(changed, axis=1), np.tri(3, k=-1, dtype=bool))


def test_no_gradient_reaches_the_model_through_the_baseline(model, image, baseline):
    (noise,), _ = draws(model, 1)
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)

    @jax.jit
    @jax.grad
    def slope(arrays):
        one = eqx.combine(arrays, rest)
        return baseline(image, one.unroll(image, noise)).sum()

    assert all(not leaf.any() for leaf in jax.tree.leaves(slope(arrays)))
