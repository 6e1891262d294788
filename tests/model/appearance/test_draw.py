"""A window drawn in steps: against NumPy, its density, and that the code alone draws it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.appearance.draw import STEPS
from airscene.model.appearance.mlp import DARK
from airscene.model.unrolled import log_ratio


@pytest.fixture(scope="module")
def model(tiny):
    return tiny(appearance="draw", n_what=10, brightness=0.7)


def window_and_noise(model):
    keys = jax.random.split(jax.random.key(1))
    window = jax.random.uniform(keys[0], (1, model.config.n_cells, model.config.n_cells))
    return window, jax.random.normal(keys[1], (model.config.n_what,))


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(gates, cell):
    forget, keep, out, new = gates.reshape(4, -1)
    cell = logistic(forget) * cell + logistic(keep) * np.tanh(new)
    return logistic(out) * np.tanh(cell), cell


def by_hand(model, window, noise):
    """Means, deviations, the code and the window, written out in NumPy."""

    def layer(linear, *inputs):
        value = np.asarray(linear.weight) @ np.concatenate(inputs)
        return value if linear.bias is None else value + np.asarray(linear.bias)

    encoder, decoder, x = model.encoder, model.decoder, np.asarray(window).ravel()
    h_enc = c_enc = h_dec = c_dec = np.zeros(model.config.n_layer)
    canvas, found = np.full(x.size, DARK), []
    for e in np.asarray(noise).reshape(STEPS, -1):
        missing = x - model.config.brightness * logistic(canvas)
        gates = layer(encoder.see, x) + layer(encoder.gates, missing, h_dec, h_enc)
        h_enc, c_enc = lstm(gates, c_enc)
        mean, raw = layer(encoder.posterior, h_enc).reshape(2, -1)
        scale = np.log1p(np.exp(raw))
        z = mean + scale * e
        h_dec, c_dec = lstm(layer(decoder.gates, z, h_dec), c_dec)
        canvas = canvas + layer(decoder.paint, h_dec)
        found.append((mean, scale, z))
    drawn = model.config.brightness * logistic(canvas)
    return *(np.concatenate(parts) for parts in zip(*found, strict=True)), drawn


@pytest.mark.parametrize("amount", [0.0, 1.0], ids=["means", "samples"])
def test_against_numpy(model, amount):
    window, noise = window_and_noise(model)
    mean, scale, z, drawn = by_hand(model, window, amount * noise)
    found = model.encoder.infer(window, amount * noise, model.decoder)
    for ours, wanted in zip(found, (mean, scale, z), strict=True):
        assert np.allclose(ours, wanted, atol=1e-5)
    assert np.allclose(model.decoder(found[2]).ravel(), drawn, atol=1e-5)
    assert model.decoder(found[2]).shape == window.shape


def test_later_steps_depend_on_earlier_samples_and_not_the_other_way_round(model):
    window, noise = window_and_noise(model)
    mean, scale, _ = model.encoder.infer(window, noise, model.decoder)
    share = model.config.n_what // STEPS
    moved = noise.at[2 * share].add(1.0)
    new_mean, new_scale, _ = model.encoder.infer(window, moved, model.decoder)
    first = slice(3 * share)
    assert np.array_equal(mean[first], new_mean[first])
    assert np.array_equal(scale[first], new_scale[first])
    assert np.abs(new_mean[3 * share :] - mean[3 * share :]).max() > 1e-5


def test_densities_are_those_of_the_change_of_variables(model):
    # Noise to code is a one-to-one map, so log q(z) = log N(noise) - log |dz/dnoise|, whatever the
    # order of the steps.
    window, noise = window_and_noise(model)
    mean, scale, z = model.encoder.infer(window, noise, model.decoder)
    slope = jax.jacobian(lambda e: model.encoder.infer(window, e, model.decoder)[2])(noise)
    log_q = -jnp.sum(noise**2) / 2 - np.linalg.slogdet(np.asarray(slope, float))[1]
    wanted = -jnp.sum(z**2) / 2 - log_q
    assert log_ratio(mean, scale, z) == pytest.approx(float(wanted), abs=1e-3)


def test_a_model_with_it_unrolls_and_gives_gradients(model):
    image = jax.random.uniform(jax.random.key(3), model.config.image_shape)
    noise = jax.random.normal(jax.random.key(4), (3, model.n_noise))

    @eqx.filter_jit
    @eqx.filter_value_and_grad
    def bound(model):
        run = model.unroll(image, noise)
        return run.log_likelihoods[-1] - run.kl.sum()

    value, gradient = bound(model)
    assert np.isfinite(value)
    for part in (gradient.encoder, gradient.decoder):
        assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(part))


def test_codes_that_cannot_be_shared_out(tiny):
    with pytest.raises(InputError, match="n_what is 7; with DRAW it should be a multiple of 5"):
        tiny(appearance="draw", n_what=7)
    with pytest.raises(InputError, match="appearance is 'none'; it should be one of mlp, draw"):
        tiny(appearance="none")


@pytest.mark.parametrize(
    ("composition", "where_proposal"), [("over", "recurrent"), ("max", "difference")]
)
def test_windows_with_masks_or_of_the_canvas_are_refused(tiny, composition, where_proposal):
    options = {"composition": composition, "where_proposal": where_proposal, "n_what": 5}
    with pytest.raises(InputError, match=f"composition is '{composition}'"):
        tiny(appearance="draw", **options)
