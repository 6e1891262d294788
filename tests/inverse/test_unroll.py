"""Forward, render, forward: what is drawn is what the replay sees, and canvases are renders."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.graphics import ABSENT, SINGLE_OBJECT, TABLETOP_CAMERA, SceneBatch
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.inverse.latents import log_prior, pose_spread
from airscene.inverse.unroll import as_inputs, draw_noise, infer, mode_noise, unroll


@pytest.fixture(scope="module", params=["recurrent", "difference"])
def case(request, small, pool, shapes):
    model = small(network=request.param, seed=1)
    targets = pool.render(shapes(32, seed=3))
    noise = draw_noise(jax.random.key(0), 32, model.config)
    images = as_inputs(targets, model.config)
    return model, targets, images, noise, unroll(model, images, pool.render, noise)


def test_the_replay_is_the_run(case):
    model, _, images, _, run = case
    replay = jax.jit(jax.vmap(model.replay))(images, run.canvases, run.drawn)
    poses = np.asarray(replay.z_where) * pose_spread(model.config)
    np.testing.assert_allclose(poses, run.scenes.poses, atol=1e-4)
    np.testing.assert_allclose(1 - np.exp(replay.log_q[:, :, 0]), run.q_present, atol=1e-5)
    assert np.array_equal(run.scenes.types, np.where(run.drawn.present, run.drawn.kind, ABSENT))
    assert 0.2 < run.scenes.present.mean() < 0.8


def test_canvases_are_the_renders_so_far(case, pool):
    model, _, _, _, run = case
    if model.config.network == "recurrent":
        assert run.canvases.shape == (32, 2, 8, 8, 0)
        return
    types = run.scenes.types.copy()
    types[:, 1] = ABSENT
    first = pool.render(SceneBatch.of(types, run.scenes.poses))
    np.testing.assert_array_equal(run.canvases[:, 1], as_inputs(first, model.config))
    assert not run.canvases[:, 0].any()  # the empty scene is black


def test_inference_takes_the_most_probable(case, pool):
    model, targets, images, _, _ = case
    found = infer(model, targets, pool.render)
    again = infer(model, targets[:5], pool.render)
    assert np.array_equal(found.types[:5], again.types)
    run = unroll(model, images, pool.render, mode_noise(32, model.config))
    assert np.array_equal(run.scenes.present, run.q_present >= 0.5)


def test_steps_after_one_that_finds_nothing_are_that_one(small, pool, shapes):
    model = small(network="difference", seed=4)
    model = eqx.tree_at(lambda m: m.network.what.layers.layers[-1].bias, model, replace_fn=absent)
    images = as_inputs(pool.render(shapes(4, seed=3)), model.config)
    noise, calls = mode_noise(4, model.config), []

    def render(scenes):
        calls.append(len(scenes))
        return pool.render(scenes)

    short = unroll(model, images, render, noise)
    assert calls == [4] and not short.scenes.present.any()
    normal = noise.normal.copy()
    normal[:, -1] = 1e-30
    whole = unroll(model, images, render, noise._replace(normal=normal))
    assert calls == [4, 4, 4]
    np.testing.assert_array_equal(short.scenes.poses, whole.scenes.poses)
    np.testing.assert_array_equal(short.q_present, whole.q_present)
    np.testing.assert_array_equal(short.canvases, whole.canvases)


def absent(bias):
    """A bias with which nothing is present."""
    return bias.at[0].set(-10.0)


def test_draws_have_the_probabilities(small, pool, shapes):
    model = small(network="recurrent", n_slots=1, seed=2)
    image = as_inputs(pool.render(shapes(1, slots=1)), model.config)
    n = 4000
    noise = draw_noise(jax.random.key(1), n, model.config)
    run = unroll(model, np.repeat(image, n, 0), pool.render, noise)
    first = jax.tree.map(lambda x: x[0], run.drawn)
    replay = eqx.filter_jit(model.replay)(
        jnp.asarray(image[0]), jnp.asarray(run.canvases[0]), first
    )
    q = np.exp(np.asarray(replay.log_q[0], float))
    shares = np.bincount(run.scenes.types[:, 0] + 1, minlength=4) / n
    assert np.all(np.abs(shares - q) < 5 * np.sqrt(q * (1 - q) / n))


def test_the_configuration_of_a_world():
    config = InverseConfig.of(TABLETOP_CAMERA, network="recurrent")
    assert (config.n_slots, config.n_types, config.n_cameras) == (3, 3, 1)
    assert config.image_shape == (3, 32, 32) and config.network == "recurrent"
    assert InverseConfig.of(SINGLE_OBJECT).n_cameras == 0
    prior = np.exp(np.asarray(log_prior(dataclasses.replace(config, presence=0.3))))
    np.testing.assert_allclose(prior, [0.7, 0.1, 0.1, 0.1], rtol=1e-5)


@pytest.mark.parametrize("size", [(130, 130), (35, 64), (16, 16)])
def test_worlds_whose_images_do_not_shrink(size):
    world = dataclasses.replace(SINGLE_OBJECT, image_size=size)
    with pytest.raises(InputError, match=f"--image-size is {size[0]} .* multiples of 4 from 32"):
        InverseConfig.of(world)


@pytest.mark.parametrize("shrink", [0, -1])
def test_shrinking_by_no_whole_number(shrink):
    with pytest.raises(InputError, match=f"--shrink is {shrink}; .* whole number of at least 1"):
        InverseConfig.of(SINGLE_OBJECT, shrink=shrink)


@pytest.mark.parametrize("field", ["blur", "sigma"])
def test_likelihoods_that_are_none(field):
    with pytest.raises(InputError, match=f"--{field} is inf 1.0; it should be two numbers above 0"):
        InverseTrainConfig(**{field: (float("inf"), 1.0)})
