"""`unroll` computes what its fields are named for; `sample` draws from the prior."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model import attention
from airscene.model.config import AIRConfig
from airscene.model.likelihood import log_likelihood
from airscene.model.where.spatial import FLOOR, attention_floor

SHAPES = [(1, 12, 12), (3, 10, 13)]


@pytest.fixture(scope="module", params=SHAPES, ids=["grey", "colour"])
def unrolled(tiny, request):
    """A model, an image, noise and their `unroll`."""
    model = tiny(image_shape=request.param)
    keys = jax.random.split(jax.random.key(1))
    image = jax.random.uniform(keys[0], request.param)
    noise = jax.random.normal(keys[1], (3, model.n_noise))
    return model, image, noise, eqx.filter_jit(model.unroll)(image, noise)


def test_canvases_are_the_partial_sums_of_the_objects(unrolled):
    model, image, _, run = unrolled
    objects, _ = jax.vmap(model.draw)(run.z_where, run.z_what)
    assert run.canvases.shape == (4, *image.shape)
    assert np.all(np.asarray(run.canvases[0]) == 0)
    assert np.allclose(run.canvases[1:], np.cumsum(objects, axis=0), atol=1e-6)
    assert np.abs(objects).max() > 0.01


def test_log_likelihoods_are_those_of_the_canvases(unrolled):
    model, image, _, run = unrolled
    expected = [log_likelihood(image, canvas, model.config.sigma) for canvas in run.canvases]
    assert np.allclose(run.log_likelihoods, expected, rtol=1e-5)


@pytest.mark.parametrize("amount", [0.0, 1.0], ids=["means", "samples"])
def test_latents_are_those_that_the_networks_propose(unrolled, amount):
    model, image, noise, _ = unrolled
    noise = amount * noise
    run = eqx.filter_jit(model.unroll)(image, noise)
    state = model.where.begin(image, 0.0)
    for i in range(3):
        state, proposal = model.where.step(state, noise[i, :3])
        z_where = proposal.where_mean + proposal.where_scale * noise[i, :3]
        assert np.allclose(proposal.z_where, z_where, atol=1e-6)
        state = model.where.explain(state, z_where)
        mean, scale = model.encoder(attention.read(image, z_where, model.pose, 4))
        assert run.presence_logits[i] == pytest.approx(float(proposal.logit), abs=1e-5)
        assert np.allclose(run.z_where[i], z_where, atol=1e-5)
        assert np.allclose(run.z_what[i], mean + scale * noise[i, 3:], atol=1e-5)


def test_kl_is_the_mean_of_the_log_ratio(unrolled):
    model, image, _, _ = unrolled
    n = 4000
    noises = jax.random.normal(jax.random.key(2), (n, 3, model.n_noise))
    runs = eqx.filter_jit(jax.vmap(lambda e: model.unroll(image, e)[3:5]))(noises)
    difference = np.asarray(runs[0] + runs[1], float)
    assert np.all(np.asarray(runs[0]) > 0)
    assert np.all(np.abs(difference.mean(axis=0)) < 4 * difference.std(axis=0) / n**0.5)


def test_attention_outweighs_black_squares_for_small_objects_too():
    floors = [
        attention_floor(AIRConfig(object_size=size)) for size in (0.4, 0.3, 0.2, 0.15, 0.1, 0.02)
    ]
    assert floors[0] == floors[1] == FLOOR
    assert floors == sorted(floors, reverse=True) and floors[-1] > 0


@pytest.mark.parametrize("kind", ["composition", "background", "likelihood"])
def test_kinds_that_there_are_not(tiny, kind):
    with pytest.raises(InputError, match=f"{kind} is 'none'; it should be one of"):
        tiny(**{kind: "none"})


def test_the_prior_is_not_a_weight(tiny):
    log_prior = tiny(count_prior="table(1, 2, 3, 4)").log_prior()
    assert np.allclose(np.exp(log_prior), [0.1, 0.2, 0.3, 0.4], atol=1e-6)


def test_samples_have_as_many_objects_as_asked_for(tiny):
    model, n = tiny(), 2000
    counts = np.arange(n) % 4
    canvases = jax.jit(jax.vmap(lambda key, count: model.sample(key, count)))(
        jax.random.split(jax.random.key(0), n), jnp.asarray(counts)
    )
    assert canvases.shape == (n, 1, 12, 12)
    brightness = np.asarray(canvases).sum(axis=(1, 2, 3))
    assert np.all(brightness[counts == 0] == 0)
    # Windows overlap freely, so what they add grows in proportion to their number.
    means = [float(brightness[counts == k].mean()) for k in (1, 2, 3)]
    spreads = [float(brightness[counts == k].std()) / (n / 4) ** 0.5 for k in (1, 2, 3)]
    assert means[1] / 2 == pytest.approx(means[0], abs=4 * (spreads[0] + spreads[1] / 2))
    assert means[2] / 3 == pytest.approx(means[0], abs=4 * (spreads[0] + spreads[2] / 3))


def test_a_window_explains_a_share_of_its_ink(tiny):
    """Once by one window, the ink in its middle is 1 - share of what it was; far off, the same."""
    image = jnp.full((3, 12, 12), 0.5)
    for share in (1.0, 0.75):
        model = tiny(image_shape=(3, 12, 12), explained_share=share, object_size=0.3, sigma=0.5)
        # Each channel adds its own: a colour image is as much to explain as a grey one.
        state = model.where.begin(image, 0.0)
        assert np.allclose(state.unexplained, 3.0)
        # A window of 3.6 pixels, its middle on the middle of the second square.
        z_where = jnp.array([0.0, -1.0, -1.0]) * 0.5 / model.pose.position_spread
        once = model.where.explain(state, z_where)
        assert once.unexplained[1, 1] == pytest.approx(3.0 * (1.0 - share), abs=0.01)
        assert once.unexplained[5, 5] == pytest.approx(3.0, abs=0.01)
        twice = model.where.explain(once, z_where)
        assert twice.unexplained[1, 1] == pytest.approx(3.0 * (1.0 - share) ** 2, abs=0.01)
