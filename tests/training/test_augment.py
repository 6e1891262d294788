"""Images changed at random in training: what is changed, how far, and how often."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.ground import less_ground, quantile
from airscene.training.air import annealed_bound
from airscene.training.augment import CONTRAST, GROUND, NOISE, SIZES, augment, magnified
from airscene.training.config import TrainConfig

KEYS = jax.random.split(jax.random.key(0), 400)


@pytest.fixture(scope="module")
def image(squares):
    return jnp.asarray(squares[2], jnp.float32) / 255.0


def many(image, share):
    return np.asarray(jax.jit(jax.vmap(lambda key: augment(image, share, key)))(KEYS))


def test_a_share_of_the_images_is_changed(image):
    changed = (many(image, 0.25) != np.asarray(image)).any(axis=(1, 2, 3))
    assert abs(changed.mean() - 0.25) < 4 * (0.25 * 0.75 / len(KEYS)) ** 0.5
    assert (many(image, 0.0) == np.asarray(image)).all()


def test_grounds_noise_and_contrast_are_in_their_ranges():
    white = many(jnp.ones((1, 12, 12)), 1.0)[:, 0, 4:8, 4:8].mean(axis=(1, 2))
    black = many(jnp.zeros((1, 12, 12)), 1.0)[:, 0]
    assert black.min() >= 0.0 and white.max() <= 1.0
    # Of a mean over 16 or 144 pixels, noise leaves a share.
    assert np.median(black, axis=(1, 2)).max() < GROUND + NOISE / 5
    assert black.mean(axis=(1, 2)).max() > 0.8 * GROUND
    assert CONTRAST - NOISE < white.min() < CONTRAST + 0.2
    assert abs((np.median(black, axis=(1, 2)) < 0.02).mean() - 0.5) < 0.15
    assert 0.7 * NOISE < black.std(axis=(1, 2)).max() < 1.2 * NOISE


@pytest.mark.parametrize("size", SIZES)
def test_magnified_about_the_centre(size):
    image = np.zeros((1, 41, 41), np.float32)
    image[0, 16:25, 16:25] = 1.0
    seen = np.asarray(magnified(jnp.asarray(image), jnp.float32(size)))[0]
    place = np.arange(41) @ seen.sum(axis=0) / seen.sum()
    assert place == pytest.approx(20.0, abs=1e-3)
    assert seen.sum() ** 0.5 == pytest.approx(9 * size, rel=0.05)
    assert (magnified(jnp.asarray(image), jnp.float32(1.0)) == image).all()


def test_beyond_the_edges_it_is_black():
    seen = np.asarray(magnified(jnp.ones((1, 20, 20)), jnp.float32(0.8)))[0]
    assert seen[0].max() == seen[:, 0].max() == 0.0 and seen[10, 10] == pytest.approx(1.0)


def test_quantiles():
    rng = np.random.default_rng(0)
    values = rng.random(999).astype(np.float32)
    for share in (0.1, 0.5, 0.9):
        ours = float(quantile(jnp.asarray(values), share))
        assert ours == pytest.approx(np.quantile(values, share), abs=2e-3)
    assert float(quantile(jnp.zeros(5))) == 0.0


def test_a_ground_is_subtracted(image):
    grey = 0.25 + 0.5 * image
    np.testing.assert_allclose(less_ground(grey), 0.5 * image, atol=1e-3)
    np.testing.assert_array_equal(less_ground(image), image)


def test_the_bound_is_of_what_the_model_sees(tiny, squares):
    """A model that subtracts grounds has the same bound on scenes with one and without."""
    model = tiny(n_steps=2, subtract_ground=True)
    images, key = jnp.asarray(squares[:4], jnp.float32) / 255.0, jax.random.key(0)
    bound = eqx.filter_jit(annealed_bound(model, TrainConfig(batch_size=4), squares))
    plain, grey = (float(bound(model, (x,), key, 0)) for x in (images, 0.2 + 0.7 * images))
    assert float(bound(model, (0.7 * images,), key, 0)) == pytest.approx(grey, rel=1e-2)
    assert abs(plain - grey) > 0.01 * abs(plain)


def test_nothing_is_changed_unless_it_is_asked_for(tiny, squares):
    model, key = tiny(n_steps=2), jax.random.key(0)
    batch = (jnp.asarray(squares[:4], jnp.float32) / 255.0,)
    values = [
        float(eqx.filter_jit(annealed_bound(model, TrainConfig(batch_size=4, augment=x), squares))(
            model, batch, key, 0
        ))
        for x in (0.0, 1e-9, 1.0)
    ]  # fmt: skip
    assert values[0] == pytest.approx(values[1], rel=1e-5)
    assert values[0] != pytest.approx(values[2], rel=1e-3)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(InputError, match="augment"):
        TrainConfig(augment=share)
