"""AIR with each composition: canvases by the formulas in NumPy, and what is left of the image."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.model.composition import COMPOSITIONS
from airscene.model.composition.clip import Clip
from airscene.model.counts import count_log_posterior
from airscene.objective.bounds import enumerated

SHAPE = (3, 12, 12)

FORMULAS = {
    "clip": lambda canvas, drawn, mask: np.minimum(canvas + drawn, 1.0),
    "max": lambda canvas, drawn, mask: np.maximum(canvas, drawn),
    "over": lambda canvas, drawn, mask: canvas * (1.0 - mask) + drawn,
    "sum": lambda canvas, drawn, mask: canvas + drawn,
}
BOTH = pytest.mark.parametrize("where", ["recurrent", "difference"])
EACH = pytest.mark.parametrize("name", sorted(COMPOSITIONS))


@pytest.fixture(scope="module")
def image():
    return jax.random.uniform(jax.random.key(1), SHAPE)


def make(tiny, name, where):
    """A model whose objects are so large, bright and solid that they clip and hide each other."""
    model = tiny(image_shape=SHAPE, object_size=0.9, composition=name, where_proposal=where)
    bias = model.decoder.layers.layers[-1].bias
    return eqx.tree_at(lambda m: m.decoder.layers.layers[-1].bias, model, bias + 3.0)


def drawn_by(model, run):
    drawn, mask = map(np.asarray, jax.vmap(model.draw)(run.z_where, run.z_what))
    return drawn, mask if model.composition.masked else [None] * len(drawn)


@BOTH
@EACH
def test_partial_canvases_are_those_of_the_formula(tiny, image, name, where):
    model = make(tiny, name, where)
    noise = jax.random.normal(jax.random.key(2), (3, model.n_noise))
    run = eqx.filter_jit(model.unroll)(image, noise)
    drawn, masks = drawn_by(model, run)
    canvas = np.zeros(SHAPE)
    for i in range(3):
        canvas = FORMULAS[name](canvas, drawn[i], masks[i])
        assert np.allclose(run.canvases[i + 1], canvas, atol=1e-5)
        there = jnp.arange(3) <= i
        composed = model.compose(*jax.vmap(model.draw)(run.z_where, run.z_what), there)
        assert np.allclose(composed, canvas, atol=1e-5)
    # A plain sum is another scene: the objects do meet, and are seen to.
    assert (np.abs(drawn.sum(axis=0) - canvas).max() > 0.1) == (name != "sum")


@EACH
def test_the_difference_network_sees_what_the_canvas_leaves(tiny, image, name):
    model = make(tiny, name, "difference")
    noise = jax.random.normal(jax.random.key(3), (3, model.n_noise))
    run = eqx.filter_jit(model.unroll)(image, noise)
    state = model.where.begin(image, 0.0)
    for i in range(3):
        assert np.allclose(state.error, image - run.canvases[i], atol=1e-5)
        state, _ = model.step(image, state, noise[i])


@BOTH
@EACH
def test_the_bound_is_the_sum_over_counts_and_reaches_every_weight(tiny, image, name, where):
    model = make(tiny, name, where)
    noise = jax.random.normal(jax.random.key(4), (3, model.n_noise))
    value, gradient = eqx.filter_jit(
        eqx.filter_value_and_grad(lambda m: enumerated(m, image, noise, m.log_prior()))
    )(model)
    run = eqx.filter_jit(model.unroll)(image, noise)
    log_q = np.asarray(count_log_posterior(run.presence_logits))
    expected = 0.0
    for n in range(4):
        squares = np.square((image - run.canvases[n]) / model.config.sigma)
        log_p = -0.5 * squares - np.log(model.config.sigma * np.sqrt(2.0 * np.pi))
        terms = log_p.sum() - run.kl[:n].sum() + model.log_prior()[n] - log_q[n]
        expected += np.exp(log_q[n]) * terms
    assert value == pytest.approx(float(expected), rel=1e-4)
    for leaf in jax.tree.leaves(gradient):
        assert np.isfinite(leaf).all() and np.any(leaf != 0)


def test_a_mask_covers_no_more_than_its_object(tiny):
    """Colours are drawn times the mask: where there is no mask, nothing is drawn."""
    model = tiny(image_shape=SHAPE, composition="over", brightness=0.7)
    drawn, mask = model.draw(jnp.zeros(3), jnp.ones(2))
    assert drawn.shape == SHAPE and mask.shape == SHAPE[1:]
    assert np.all((mask >= 0) & (mask <= 1)) and np.any(mask == 0) and np.any(mask > 0.05)
    assert np.all(drawn <= 0.7 * mask + 1e-6) and np.all(drawn[:, mask == 0] == 0)


def test_what_is_white_already_has_no_gradient():
    canvas = jnp.array([[[0.8, 0.1]]])
    gradient = jax.grad(lambda drawn: Clip().add(canvas, drawn).sum())(jnp.array([[[0.7, 0.3]]]))
    assert np.array_equal(gradient, [[[0.0, 1.0]]])
