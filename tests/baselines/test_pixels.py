"""The networks of appendix E: their layers, and that they learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.baselines.cae import CAE, CAEConfig, mean_log_likelihood
from airscene.baselines.classifiers import CNN, Head, Perturbation, drop
from airscene.images import load_digits, multi_mnist
from airscene.model.likelihood import log_likelihood
from airscene.training.batches import batch_indices
from airscene.training.config import LoopConfig
from airscene.training.state import initial_state, make_run

KEY = jax.random.key(0)


def shapes(model):
    return [leaf.shape for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_array))]


def test_the_head_has_four_layers_of_512():
    head = Head(162, 19, key=KEY)
    sizes = [162, 512, 512, 512, 512, 19]
    wanted = [s for a, b in zip(sizes, sizes[1:], strict=False) for s in ((b, a), (b,))]
    assert shapes(head) == wanted
    assert jax.eval_shape(head, jnp.zeros((7, 162))).shape == (7, 19)


def test_the_cnn_has_the_papers_layers():
    cnn = eqx.filter_eval_shape(CNN, (50, 50), 19, key=KEY)
    kernels = [(5, 5, 64), (5, 5, 64, 64), (5, 5, 64, 64)]
    assert [k.shape for k in cnn.kernels] == kernels
    assert (cnn.hidden.in_features, cnn.hidden.out_features) == (64 * 3 * 3, 512)
    assert (cnn.answer.in_features, cnn.answer.out_features) == (512, 19)
    for height, width in ((50, 50), (28, 41)):
        cnn = eqx.filter_eval_shape(CNN, (height, width), 2, key=KEY)
        answers = eqx.filter_eval_shape(lambda m, x: m(x), cnn, jnp.zeros((4, 1, height, width)))
        assert answers.shape == (4, 2)


def test_the_autoencoder_has_the_papers_layers():
    cae = eqx.filter_eval_shape(CAE, CAEConfig((50, 50)), key=KEY)
    assert [k.shape for k in cae.encoder] == [(6, 6, 64), (6, 6, 64, 64), (6, 6, 64, 64)]
    assert [k.shape for k in cae.decoder] == [(6, 6, 64, 64), (6, 6, 64, 64), (6, 6, 64)]
    images = jnp.zeros((3, 1, 50, 50))
    embedding = eqx.filter_eval_shape(lambda m, x: m.embed(x), cae, images)
    assert embedding.shape == (3, 2 * 2 * 64)
    canvas = eqx.filter_eval_shape(lambda m, x: m.decode(m.encode(x)), cae, images)
    assert canvas.shape == images.shape


def test_an_embedding_is_of_its_own_image_only():
    images = jax.random.uniform(KEY, (3, 1, 50, 50))
    cae = eqx.filter_jit(CAE)(CAEConfig((50, 50)), key=KEY)
    embed = eqx.filter_jit(CAE.embed)
    together = embed(cae, images)
    changed = embed(cae, images.at[1].set(0.0))
    np.testing.assert_allclose(changed[jnp.array([0, 2])], together[jnp.array([0, 2])], atol=1e-5)
    assert jnp.abs(changed[1] - together[1]).max() > 0.01


@pytest.mark.slow
def test_the_autoencoder_learns_digits():
    digits = load_digits("train", "bundled")
    pictures = multi_mnist(digits, 32, seed=0, counts=(1,), image_size=36).images[:, None]
    images = jnp.asarray(pictures, jnp.float32) / 255.0
    config = LoopConfig(steps=60, batch_size=8, learning_rate=4e-3, warmup=5)
    model = eqx.filter_jit(CAE)(CAEConfig((36, 36)), key=KEY)
    run = make_run(
        model, config, (jnp.asarray(pictures),), lambda m, batch, *_: mean_log_likelihood(m, *batch)
    )
    indices = batch_indices(32, 8, 1, 0, 60)
    state, _ = run(initial_state(model, config), indices, 60)
    learnt = float(eqx.filter_jit(mean_log_likelihood)(eqx.combine(state.weights, model), images))
    # The best that can be done without a look at the image is a picture that is the same for all.
    same = jnp.broadcast_to(images.mean(axis=0), images.shape)
    blind = float(jax.vmap(log_likelihood, in_axes=(0, 0, None))(images, same, 0.3).mean())
    assert learnt > blind + 100.0


def test_dropout_leaves_out_a_share_and_keeps_the_mean():
    units = jnp.ones((100, 100))
    dropped = drop(units, Perturbation(KEY, dropout=0.3))
    # 10,000 units: a standard error of 0.0046 of the share.
    assert abs(float((dropped == 0).mean()) - 0.3) < 0.02
    assert set(np.unique(dropped)) == {0.0, np.float32(1.0 / 0.7)}
    assert drop(units, None) is units
    assert not jnp.array_equal(dropped, drop(units, Perturbation(KEY, dropout=0.3), layer=1))


def test_noise_is_of_embeddings_alone():
    head = Head(3, 2, layers=0, key=KEY)
    still, moved = (head(jnp.ones((5, 3)), Perturbation(KEY, noise=n)) for n in (0.0, 0.5))
    np.testing.assert_array_equal(still, head(jnp.ones((5, 3))))
    noise = 0.5 * jax.random.normal(KEY, (5, 3))
    np.testing.assert_allclose(moved - still, noise @ head.layers[0].weight.T, atol=1e-5)
