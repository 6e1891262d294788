"""The update: it learns, it can be dispatched in any number, its annealing ends on the bound."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from airscene.objective.bounds import enumerated, importance_weighted
from airscene.training.air import annealed_bound, mean_energy
from airscene.training.batches import batch_indices
from airscene.training.config import TrainConfig
from airscene.training.state import _optimiser, initial_state, make_run, make_update

CONFIG = TrainConfig(
    steps=160,
    batch_size=8,
    learning_rate=0.03,
    warmup=5,
    count_penalty=0.012,
    count_penalty_release=(0.5, 0.9),
    prefix=0.5,
    prefix_release=(0.25, 0.75),
    seed=7,
)


@pytest.fixture(scope="module")
def model(tiny):
    return tiny(n_steps=2, object_size=0.33, count_prior="table(1, 2, 3)")


def annealed(model, config, images):
    objective = annealed_bound(model, config, images)
    return make_run(model, config, (jnp.asarray(images),), objective)


@pytest.fixture(scope="module")
def run(model, squares):
    return annealed(model, CONFIG, squares)


@pytest.fixture(scope="module")
def indices(squares):
    return batch_indices(len(squares), 8, CONFIG.seed, 0, CONFIG.steps)


@pytest.fixture(scope="module")
def whole(model, run, indices):
    """The state after all steps in one dispatch."""
    return run(initial_state(model, CONFIG), indices, CONFIG.steps)


def test_runs_that_differ_in_the_seed_share_a_program(model, squares):
    programs = []
    for seed in (1, 2):
        config = dataclasses.replace(CONFIG, seed=seed)
        update = make_update(model, config, annealed_bound(model, config, squares))
        batch, key = (jnp.zeros((8, *squares.shape[1:])),), jax.random.key(seed)
        programs.append(jax.jit(update).lower(initial_state(model, config), batch, key).as_text())
    assert programs[0] == programs[1]


def test_many_steps_a_dispatch_are_as_many_single_ones(model, run, indices, whole):
    state, total = initial_state(model, CONFIG), 0.0
    bounds = []
    for step in range(CONFIG.steps):
        # The rest of the indices are not to be used.
        one = np.concatenate([indices[step : step + 1], np.zeros_like(indices[1:])])
        state, bound = run(state, one, 1)
        bounds.append(float(bound))
    assert int(state.step) == int(whole[0].step) == CONFIG.steps
    assert eqx.tree_equal(state, whole[0])
    total = np.mean(bounds)
    assert float(whole[1]) == pytest.approx(total, rel=1e-5)


def test_learning_raises_the_bound(model, squares, whole):
    images = squares[:30] / np.float32(255)
    noise = jax.random.normal(jax.random.key(3), (30, 2, model.n_noise))
    bound = eqx.filter_jit(jax.vmap(enumerated, in_axes=(None, 0, 0, None)))
    frame = eqx.filter(model, eqx.is_inexact_array, inverse=True)
    after = eqx.combine(whole[0].weights, frame)
    before, after = (bound(m, images, noise, m.log_prior()) for m in (model, after))
    gains = np.asarray(after - before, float)
    assert gains.mean() > 4 * gains.std() / len(gains) ** 0.5


# At each of these steps: how much of the price and of the prefix term is left.
@pytest.mark.parametrize(
    ("step", "price", "prefix"),
    [
        (0, 1, 1),
        (40, 1, 1),
        (80, 1, 0.5),
        (112, 0.5, 0.1),
        (120, 0.375, 0),
        (144, 0, 0),
        (159, 0, 0),
    ],
)
def test_annealing_falls_to_the_bound(model, run, squares, indices, by_hand, step, price, prefix):
    state = initial_state(model, CONFIG)._replace(step=jnp.int32(step))
    _, bound = run(state, indices, 1)
    squared = (squares / 255.0) ** 2
    energies = squared.sum(axis=(1, 2, 3)) / (2 * 0.3**2)
    extra = 0.012 * price * energies[energies > 0].mean()
    prior = jax.nn.log_softmax(jnp.log(jnp.array([1.0, 2.0, 3.0])) - extra * jnp.arange(3))
    noise = noise_of(step, (8, 2, model.n_noise))
    expected = by_hand(model, squares[indices[0]] / np.float32(255), noise, prior, 0.5 * prefix)
    assert float(bound) == pytest.approx(float(expected), abs=2e-3)


@pytest.fixture(scope="module")
def by_hand():
    def mean(model, images, noise, prior, prefix):
        each = jax.vmap(enumerated, in_axes=(None, 0, 0, None, None))
        return each(model, images, noise, prior, prefix).mean()

    return eqx.filter_jit(lambda *a: mean(*a[:4], jnp.float32(a[4])))


def noise_of(step, shape):
    """The noise of a step: it follows from the seed and the step alone."""
    return jax.random.normal(jax.random.fold_in(jax.random.key(CONFIG.seed), step), shape)


@pytest.mark.slow
def test_the_importance_weighted_bound_is_trained_on_if_asked_for(model, squares, indices):
    config = TrainConfig(
        **{
            **vars(CONFIG),
            "estimator": "importance",
            "samples": 3,
            "count_penalty": 0.0,
            "prefix": 0.0,
        }
    )
    run = annealed(model, config, squares)
    state, bound = run(initial_state(model, config), indices, 1)
    each = jax.vmap(importance_weighted, in_axes=(None, 0, 0, None))
    noise = noise_of(0, (8, 3, 2, model.n_noise))
    expected = eqx.filter_jit(each)(
        model, squares[indices[0]] / np.float32(255), noise, model.log_prior()
    )
    assert float(bound) == pytest.approx(float(expected.mean()), rel=1e-4)


def test_mean_energy_is_over_images_with_something_in_them():
    images = np.zeros((5, 1, 4, 4), np.uint8)
    assert mean_energy(images, 0.3) == 0
    images[1, 0, 0, 0] = 255
    images[4, 0, :2, :2] = 51
    # One pixel of 1, and four of 0.2.
    expected = (1.0 + 4 * 0.04) / 2 / (2 * 0.3**2)
    assert mean_energy(images, 0.3) == pytest.approx(expected, rel=1e-6)


def updates(model, config, gradient):
    """The changes of one weight over a run with this gradient throughout."""
    optimiser = _optimiser(model, config)
    weights = {"w": jnp.zeros(2)}
    state, changes = optimiser.init(weights), []
    update = jax.jit(optimiser.update)
    for _ in range(config.steps):
        change, state = update({"w": jnp.asarray(gradient)}, state)
        changes.append(float(change["w"][0]))
    return np.array(changes), state


@pytest.mark.parametrize(("steps", "warmup"), [(1, 100), (2, 0), (3, 3), (10, 100), (20, 4)])
def test_the_learning_rate_rises_and_falls_to_zero(model, steps, warmup):
    config = TrainConfig(steps=steps, warmup=warmup, learning_rate=0.1)
    # With the same gradient throughout, Adam's change is the learning rate.
    rates, _ = updates(model, config, [1.0, 0.0])
    rises = min(warmup, steps // 2)
    assert np.all(np.isfinite(rates))
    assert -rates[rises] == pytest.approx(0.1, rel=1e-3)
    assert np.all(np.diff(-rates[: rises + 1]) > 0) and np.all(np.diff(-rates[rises:]) < 0)
    if rises:
        assert rates[0] == 0
    if steps > 3:
        assert -rates[-1] < 0.02


@pytest.mark.parametrize("size", [1e-3, 1e10])
def test_the_gradient_is_clipped(model, size):
    config = TrainConfig(steps=1, warmup=0, clip_norm=0.5)
    _, state = updates(model, config, [0.6 * size, 0.8 * size])
    mean = optax.tree.get(state, "mu")["w"]
    clipped = min(size, 0.5)
    # Adam's mean after one gradient is a tenth of it.
    assert np.allclose(mean, [0.06 * clipped, 0.08 * clipped], rtol=1e-4)
