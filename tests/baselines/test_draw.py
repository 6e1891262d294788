"""DRAW: every term against a plain NumPy version, the gradient, and that it learns."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.baselines.draw import DARK, DRAW, WINDOW, bound, bounds, grown_bound, mean_bound
from airscene.baselines.draw_config import DRAWConfig
from airscene.errors import InputError
from airscene.images import load_digits, multi_mnist
from airscene.model import attention
from airscene.model.air import AIR
from airscene.model.config import AIRConfig
from airscene.model.pose import Pose
from airscene.model.weights import load_module, save_weights
from airscene.training.config import LoopConfig
from airscene.training.state import initial_state, make_run

CONFIG = DRAWConfig(image_shape=(2, 12, 10), n_steps=3, n_latents=2, n_hidden=5, n_cells=4)


def build(config=CONFIG, seed=0):
    """A DRAW that is past its start: windows off the middle, a canvas that is not flat."""
    model = DRAW(config, key=jax.random.key(seed))
    rng = np.random.default_rng(seed)
    changes = [
        (model.blank, rng.normal(size=config.image_shape)),
        (model.look.bias, [-0.5, 0.3, -0.2]),
        (model.place.bias, [-0.7, -0.1, 0.4]),
        (model.posterior.bias, rng.normal(size=2 * config.n_latents)),
    ]
    return eqx.tree_at(
        lambda m: (m.blank, m.look.bias, m.place.bias, m.posterior.bias),
        model,
        tuple(jnp.asarray(new, old.dtype) for old, new in changes),
    )


def scenes(n, config=CONFIG, seed=1):
    rng = np.random.default_rng(seed)
    shape = (n, config.n_steps, config.n_latents)
    return jnp.asarray(rng.random((n, *config.image_shape))), jnp.asarray(rng.normal(size=shape))


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def hats(at, n, width):
    return np.maximum(width - np.abs(at[:, None] - np.arange(n)), 0) / width**2


def reading(window, n_pixels, side, axis, n_cells):
    """The rows that interpolate an axis of an image inside a window."""
    side, centre = 0.5 * np.exp(0.3 * window[0]) * side, (0.5 * window[axis] + 1) / 2 * n_pixels
    at = centre + side * ((np.arange(n_cells) + 0.5) / n_cells - 0.5) - 0.5
    return hats(at, n_pixels, max(side / n_cells, 1.0))


def writing(window, n_pixels, side, axis, n_cells):
    side, centre = 0.5 * np.exp(0.3 * window[0]) * side, (0.5 * window[axis] + 1) / 2 * n_pixels
    at = ((np.arange(n_pixels) + 0.5 - centre) / side + 0.5) * n_cells - 0.5
    return hats(at, n_cells, max(n_cells / side, 1.0))


def by_hand(model, image, noise):
    """Log-likelihood, KLs and canvases, written out in NumPy from the paper's equations."""
    c = model.config
    _, height, width = c.image_shape
    short = min(height, width)
    canvas = np.asarray(model.blank)
    h_enc = c_enc = h_dec = c_dec = np.zeros(c.n_hidden)

    def layer(name, *inputs):
        linear = getattr(model, name)
        return np.asarray(linear.weight) @ np.concatenate(inputs) + np.asarray(linear.bias)

    def lstm(gates, cell):
        forget, keep, out, new = gates.reshape(4, -1)
        cell = logistic(forget) * cell + logistic(keep) * np.tanh(new)
        return logistic(out) * np.tanh(cell), cell

    kls, canvases = [], []
    for e in np.asarray(noise):
        window = layer("look", h_dec)
        rows = reading(window, height, short, 2, c.n_cells)
        columns = reading(window, width, short, 1, c.n_cells)
        seen = [rows @ x @ columns.T for x in (image, image - logistic(canvas))]
        h_enc, c_enc = lstm(layer("encoder", *(x.ravel() for x in seen), h_dec, h_enc), c_enc)
        mean, log_scale = layer("posterior", h_enc).reshape(2, -1)
        h_dec, c_dec = lstm(layer("decoder", mean + np.exp(log_scale) * e, h_dec), c_dec)
        window = layer("place", h_dec)
        rows = writing(window, height, short, 2, c.n_cells)
        columns = writing(window, width, short, 1, c.n_cells)
        patch = layer("paint", h_dec).reshape(-1, c.n_cells, c.n_cells)
        canvas = canvas + rows @ patch @ columns.T
        kls.append(np.sum((mean**2 + np.exp(2 * log_scale) - 1) / 2 - log_scale))
        canvases.append(logistic(canvas))
    error = (image - canvases[-1]) / c.sigma
    likelihood = np.sum(-(error**2) / 2 - np.log(c.sigma * np.sqrt(2 * np.pi)))
    return likelihood, kls, canvases


def test_every_term_against_numpy():
    with jax.enable_x64(True):
        model, (images, noise) = build(), scenes(1)
        image, noise = images[0], noise[0]
        likelihood, kls, canvases = by_hand(model, np.asarray(image), noise)
        drawn = model.unroll(image, noise)
        assert drawn.log_likelihood == pytest.approx(likelihood, rel=1e-10)
        assert np.allclose(drawn.kl, kls, rtol=1e-10)
        assert np.allclose(drawn.canvases, canvases, atol=1e-12)
        assert bound(model, image, noise) == pytest.approx(likelihood - np.sum(kls), rel=1e-10)
        _, _, at_means = by_hand(model, np.asarray(image), np.zeros_like(noise))
        assert np.allclose(model.reconstruct(image), at_means, atol=1e-12)
        means = model.unroll(image, jnp.zeros_like(noise)).means
        code = model.embed(image)
        assert code.shape == (3 * (2 + 3),) and np.allclose(code[:6], means.ravel())


def test_gradient_against_central_differences():
    with jax.enable_x64(True):
        model, (images, noise) = build(), scenes(3)
        arrays, rest = eqx.partition(model, eqx.is_inexact_array)

        @jax.jit
        def value(arrays):
            return mean_bound(eqx.combine(arrays, rest), images, noise)

        gradient = jax.jit(jax.grad(value))(arrays)
        leaves, structure = jax.tree.flatten(arrays)
        rng = np.random.default_rng(0)
        # Each array by itself, as a gradient that is wrong in a small one would not show in all.
        for i, leaf in enumerate(leaves):
            way = jnp.asarray(rng.normal(size=leaf.shape))

            def along(h, i=i, way=way):
                moved = [x + h * way if j == i else x for j, x in enumerate(leaves)]
                return value(jax.tree.unflatten(structure, moved))

            change = (along(1e-6) - along(-1e-6)) / 2e-6
            slope = jnp.sum(jax.tree.leaves(gradient)[i] * way)
            assert slope == pytest.approx(float(change), rel=1e-5, abs=1e-6)


def test_the_batch_gradient_is_that_of_the_mean():
    model, (images, noise) = build(), scenes(4)
    images, noise = images.astype(jnp.float32), noise.astype(jnp.float32)

    def plain(model):
        return jax.vmap(bound, in_axes=(None, 0, 0))(model, images, noise).mean()

    wanted, plain_gradient = eqx.filter_jit(eqx.filter_value_and_grad(plain))(model)
    found, gradient = eqx.filter_jit(eqx.filter_value_and_grad(mean_bound))(model, images, noise)
    assert found == pytest.approx(float(wanted), rel=1e-5)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(plain_gradient), strict=True):
        assert np.allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())
    # Scenes of a batch do not meet.
    order = np.array([2, 0, 3, 1])
    each = jax.vmap(bound, in_axes=(None, 0, 0))(model, images, noise)
    moved = jax.vmap(bound, in_axes=(None, 0, 0))(model, images[order], noise[order])
    assert np.allclose(moved, each[order], rtol=1e-5) and len(set(np.asarray(each))) == 4


def test_the_number_of_steps_grows():
    model, (images, noise) = build(), scenes(2)
    images, noise = images.astype(jnp.float32), noise.astype(jnp.float32)
    few, all_of_them = (eqx.filter_jit(mean_bound)(model, images, noise[:, :n]) for n in (1, 3))
    assert abs(few - all_of_them) > 0.1
    grown = eqx.filter_jit(lambda step: grown_bound(model, images, noise, step, ((0, 1), (5, 3))))
    assert grown(jnp.int32(4)) == pytest.approx(float(few), rel=1e-5)
    assert grown(jnp.int32(5)) == pytest.approx(float(all_of_them), rel=1e-5)


def test_the_window_is_that_of_air():
    rng = np.random.default_rng(2)
    image, patch = jnp.asarray(rng.random((1, 20, 24))), jnp.asarray(rng.random((1, 6, 6)))
    pose, z_where = Pose(0.4, 0.3, 0.5), jnp.array([0.7, -0.4, 0.9])
    scale, centre = pose(z_where)
    window = jnp.concatenate([jnp.log(scale / 0.5)[None] / 0.3, centre / 0.5])
    read = [attention.read(image, *args, 6) for args in ((window, WINDOW), (z_where, pose))]
    assert np.allclose(*read, atol=1e-5) and np.ptp(read[0]) > 0.1
    written = [
        attention.write(patch, *args, (20, 24)) for args in ((window, WINDOW), (z_where, pose))
    ]
    assert np.allclose(*written, atol=1e-5) and np.ptp(written[0]) > 0.1


def test_at_first_windows_are_in_the_middle_and_the_picture_is_dark():
    model = DRAW(DRAWConfig(n_steps=3), key=jax.random.key(0))
    drawn = model.unroll(jnp.zeros((1, 50, 50)), jnp.ones((3, 4)))
    assert np.abs(drawn.windows).max() < 0.2
    assert np.abs(drawn.canvases - jax.nn.sigmoid(DARK)).max() < 0.02
    assert drawn.kl.sum() < 0.1


@pytest.mark.slow
def test_it_learns():
    config = DRAWConfig(n_steps=3, n_hidden=8)
    images = multi_mnist(load_digits("train", "bundled"), 200, seed=0).images[:, None]
    model = DRAW(config, key=jax.random.key(0))
    loop = LoopConfig(steps=60, batch_size=20, learning_rate=1e-2, warmup=10)

    def objective(model, batch, key, step):
        return mean_bound(model, batch[0], jax.random.normal(key, (20, 3, 4)))

    run = make_run(model, loop, (jnp.asarray(images),), objective)
    indices = np.random.default_rng(0).integers(0, 200, (60, 20), dtype=np.int32)
    state, _ = run(initial_state(model, loop), indices, 60)
    learnt = eqx.combine(state.weights, model)
    pictures = jnp.asarray(images, jnp.float32) / 255.0
    before, after = (np.asarray(bounds(m, pictures, jax.random.key(1))) for m in (model, learnt))
    gain = after - before
    assert gain.mean() > 5 * gain.std() / np.sqrt(200)
    # The best that can be done without a look at the image is a picture that is the same for all.
    same = np.asarray(pictures).mean(axis=0)
    blind = -np.sum((pictures - same) ** 2, axis=(1, 2, 3)) / (2 * config.sigma**2)
    blind = blind - 2500 * np.log(config.sigma * np.sqrt(2 * np.pi))
    assert after.mean() > blind.mean()


def test_weights_go_round_and_are_not_those_of_air(tmp_path):
    model, path = build(), tmp_path / "m.safetensors"
    save_weights(model, path)
    assert eqx.tree_equal(load_module(path, DRAW, DRAWConfig), model)
    with pytest.raises(InputError, match="another program .*airscene-draw-1"):
        load_module(path, AIR, AIRConfig)
