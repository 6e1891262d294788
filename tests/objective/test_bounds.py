"""The bounds against brute force over counts, against each other, and against log p(x)."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.model.counts import count_log_posterior
from airscene.objective.bounds import enumerated, expectation, importance_weighted, log_marginal


def undecided(model, scale=0.0):
    """The model with counts near even and posteriors of unit width and more."""
    n_what = model.config.n_what
    return eqx.tree_at(
        lambda m: (m.where.head.bias, m.encoder.layers.layers[-1].bias),
        model,
        (jnp.array([0.3, *[0.0] * 3, *[scale] * 3]), jnp.array([0.0] * n_what + [scale] * n_what)),
    )


@pytest.fixture(scope="module")
def scene(tiny):
    """A model, an image and the noise of one sample."""
    keys = jax.random.split(jax.random.key(5))
    model = undecided(tiny(image_shape=(1, 8, 8), sigma=0.5, count_prior="table(4, 3, 2, 1)"))
    image = jax.random.uniform(keys[0], (1, 8, 8))
    return model, image, jax.random.normal(keys[1], (3, model.n_noise))


@pytest.fixture(scope="module")
def run(scene):
    model, image, noise = scene
    return eqx.filter_jit(model.unroll)(image, noise)


def on_noises(bound, scene, n, k=None, seed=0):
    """A bound of the scene's image for n noises."""
    model, image, _ = scene
    shape = (n, *(() if k is None else (k,)), 3, model.n_noise)
    noises = jax.random.normal(jax.random.key(seed), shape)
    prior = () if bound is log_marginal else (model.log_prior(),)
    values = jax.jit(jax.vmap(lambda noise: bound(model, image, noise, *prior)))(noises)
    return np.asarray(values, float)


def standard_error(values):
    return values.std() / len(values) ** 0.5


def test_enumerated_is_the_sum_over_all_presence_vectors(scene, run):
    model, image, noise = scene
    p = np.asarray(jax.nn.sigmoid(run.presence_logits), float)
    log_prior = np.asarray(model.log_prior(), float)
    expected = 0.0
    for z_pres in itertools.product([0, 1], repeat=3):
        q = 1.0
        for probability, z, before in zip(p, z_pres, (1, *z_pres), strict=False):
            q *= (probability if z else 1 - probability) if before else 1 - z
        if q > 0:
            n = sum(z_pres)
            canvas = sum((run.canvases[i + 1] - run.canvases[i] for i in range(n)), 0.0)
            squares = float(jnp.sum((image - canvas) ** 2))
            log_p = -squares / (2 * 0.5**2) - image.size * np.log(0.5 * np.sqrt(2 * np.pi))
            kl = float(np.dot(z_pres, run.kl))
            expected += q * (log_p + log_prior[n] - np.log(q) - kl)
    bound = eqx.filter_jit(enumerated)(model, image, noise, model.log_prior())
    assert bound == pytest.approx(expected, rel=1e-5)


def test_exact_expectation_against_sampled_counts(scene, run):
    model, image, noise = scene
    n = 100_000
    uniform = np.random.default_rng(0).random((n, 3))
    there = np.cumprod(uniform < np.asarray(jax.nn.sigmoid(run.presence_logits)), axis=1)
    counts = there.sum(axis=1)
    assert np.all(np.bincount(counts, minlength=4) > 100)
    log_q = np.asarray(count_log_posterior(run.presence_logits))[counts]
    sampled = run.log_likelihoods[counts] + model.log_prior()[counts] - log_q
    sampled = np.asarray(sampled - (there * np.asarray(run.kl)).sum(axis=1), float)
    exact = eqx.filter_jit(enumerated)(model, image, noise, model.log_prior())
    assert sampled.mean() == pytest.approx(float(exact), abs=4 * standard_error(sampled))


@pytest.mark.parametrize("bound", [enumerated, importance_weighted])
def test_gradient_in_all_weights_against_central_differences(tiny, bound):
    with jax.enable_x64(True):
        model = undecided(tiny(image_shape=(1, 8, 8), sigma=0.5, seed=2))
        arrays, rest = eqx.partition(model, eqx.is_inexact_array)
        keys = jax.random.split(jax.random.key(7), 5)
        image = jax.random.uniform(keys[0], (1, 8, 8))
        shape = (3, model.n_noise) if bound is enumerated else (2, 3, model.n_noise)
        noise = jax.random.normal(keys[1], shape)
        leaves, tree = jax.tree.flatten(arrays)

        @jax.jit
        @jax.value_and_grad
        def value_and_gradient(leaves):
            one = eqx.combine(jax.tree.unflatten(tree, leaves), rest)
            return bound(one, image, noise, one.log_prior())

        for key in keys[2:]:
            each = jax.random.split(key, len(leaves))
            direction = [jax.random.normal(k, x.shape) for k, x in zip(each, leaves, strict=True)]
            _, gradient = value_and_gradient(leaves)
            h = 1e-6
            up, down = (
                value_and_gradient([x + s * d for x, d in zip(leaves, direction, strict=True)])[0]
                for s in (h, -h)
            )
            slope = sum(jnp.vdot(g, d) for g, d in zip(gradient, direction, strict=True))
            assert (up - down) / (2 * h) == pytest.approx(float(slope), rel=1e-5)
        # Every weight takes part.
        assert all(jnp.any(g != 0) for g in gradient)


def test_one_sample_bounds_have_the_same_expectation(scene):
    analytic = on_noises(enumerated, scene, 4000)
    sampled = on_noises(importance_weighted, scene, 4000, k=1, seed=1)
    spread = np.hypot(standard_error(analytic), standard_error(sampled))
    assert analytic.mean() == pytest.approx(sampled.mean(), abs=4 * spread)


def test_bounds_are_ordered(scene):
    n = 1000
    one, few, many = (on_noises(importance_weighted, scene, n, k=k, seed=k) for k in (1, 4, 32))
    for lower, higher in ((one, few), (few, many)):
        margin = 4 * np.hypot(standard_error(lower), standard_error(higher))
        assert higher.mean() > lower.mean() + margin
    # With the same noise the posterior over counts can only lose (Jensen).
    assert np.all(on_noises(log_marginal, scene, n, k=4, seed=4) > few - 1e-4)


def test_log_marginal_is_log_p(tiny):
    """Importance sampling and plain sampling from the prior agree on p(x)."""
    # Wider than the prior, or the weights would have no variance to speak of.
    model = undecided(
        tiny(image_shape=(1, 5, 5), n_steps=2, sigma=1.0, count_prior="table(2, 3, 4)"), scale=1.5
    )
    image = jax.random.uniform(jax.random.key(3), (1, 5, 5))
    noises = jax.random.normal(jax.random.key(4), (400, 50, 2, model.n_noise))
    estimates = jax.jit(lambda e: jax.lax.map(lambda one: log_marginal(model, image, one), e))
    from_posterior = np.asarray(estimates(noises), float)

    keys = jax.random.split(jax.random.key(6), 50_000)
    counts = jax.random.categorical(jax.random.key(7), model.log_prior(), shape=(50_000,))
    canvases = jax.jit(jax.vmap(lambda key, count: model.sample(key, count)))(keys, counts)
    squares = np.asarray(jnp.sum((canvases - image) ** 2, axis=(1, 2, 3)), float)
    from_prior = -squares / 2 - 25 * 0.5 * np.log(2 * np.pi)

    shift = from_prior.max()
    a, b = np.exp(from_posterior - shift), np.exp(from_prior - shift)
    spread = np.hypot(standard_error(a), standard_error(b))
    assert spread < 0.02 * b.mean()
    assert a.mean() == pytest.approx(b.mean(), abs=4 * spread)


@pytest.mark.parametrize("bound", [enumerated, importance_weighted])
def test_scenes_of_a_batch_do_not_mix(scene, bound):
    model, _, _ = scene
    keys = jax.random.split(jax.random.key(8))
    images = jax.random.uniform(keys[0], (5, 1, 8, 8))
    samples = () if bound is enumerated else (2,)
    noises = jax.random.normal(keys[1], (5, *samples, 3, model.n_noise))
    batched = jax.jit(jax.vmap(lambda x, e: bound(model, x, e, model.log_prior())))
    order = np.array([3, 0, 4, 2, 1])
    values = batched(images, noises)
    assert np.allclose(batched(images[order], noises[order]), values[order], rtol=1e-6)
    assert len(np.unique(values)) == 5


def test_the_price_of_an_object_enters_by_the_prior(scene, run):
    model, image, noise = scene
    bound = eqx.filter_jit(enumerated)
    log_q = count_log_posterior(run.presence_logits)
    dearer = model.log_prior() - 2.0 * jnp.arange(4)
    difference = bound(model, image, noise, model.log_prior()) - bound(model, image, noise, dearer)
    assert difference == pytest.approx(2 * float(jnp.exp(log_q) @ jnp.arange(4)), abs=1e-3)


def test_prefix_term():
    rng = np.random.default_rng(1)
    log_q = jax.nn.log_softmax(jnp.asarray(rng.normal(size=4), jnp.float32))
    log_prior = jax.nn.log_softmax(jnp.asarray(rng.normal(size=4), jnp.float32))
    score = jnp.asarray(100 * rng.normal(size=4), jnp.float32)
    bound = float(jnp.sum(jnp.exp(log_q) * (score + log_prior - log_q)))
    # The same weight for every number of objects, and none for the empty scene.
    prefixes = float(np.mean(score[1:]))
    for share in (0.0, 0.25, 1.0):
        expected = (1 - share) * bound + share * prefixes
        assert expectation(log_q, score, log_prior, share) == pytest.approx(expected, rel=1e-5)


def test_one_sample_is_the_enumerated_bound_with_the_sampled_divergence(scene, run):
    model, image, noise = scene
    ratio = jnp.concatenate([jnp.zeros(1), jnp.cumsum(run.log_ratio)])
    log_q = count_log_posterior(run.presence_logits)
    expected = expectation(log_q, run.log_likelihoods + ratio, model.log_prior(), 0.0)
    bound = eqx.filter_jit(importance_weighted)(model, image, noise[None], model.log_prior())
    assert bound == pytest.approx(float(expected), rel=1e-5)
