"""Training AIR with each estimator: what is trained, how fast, and what comes of it."""

import io
import shutil

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from airscene.model.air import AIR
from airscene.objective.baseline import Baseline, WithBaseline
from airscene.objective.bounds import score_function
from airscene.training.air import annealed_bound, mean_energy, train_air
from airscene.training.config import TrainConfig
from airscene.training.state import _optimiser

CONFIG = TrainConfig(
    steps=12,
    batch_size=4,
    learning_rate=0.01,
    warmup=2,
    estimator="score-baseline",
    evaluate_every=4,
    save_every=4,
)


@pytest.fixture(scope="module")
def model(tiny):
    return tiny(n_steps=2, object_size=0.33)


def go(model, images, folder, **options):
    seen = []

    def evaluate(air, step):
        seen.append(air)
        return {"weight": float(jnp.sum(jnp.abs(air.where.recurrent_layer.weight)))}

    console = Console(file=io.StringIO())
    air = train_air(
        model, images, CONFIG, folder=folder, evaluate=evaluate, console=console, **options
    )
    assert all(isinstance(one, AIR) for one in seen)
    return air


def test_the_baseline_is_trained_and_kept_beside_the_model(model, squares, tmp_path):
    whole = go(model, squares, tmp_path / "whole")
    assert jax.tree.structure(whole) == jax.tree.structure(model)
    assert not eqx.tree_equal(whole, model)
    # From step 8, with the baseline and its moments as they were then.
    shutil.copytree(tmp_path / "whole", tmp_path / "stopped")
    shutil.rmtree(tmp_path / "stopped" / "checkpoints" / "12")
    resumed = go(model, squares, tmp_path / "stopped", resume=True)
    assert eqx.tree_equal(resumed, whole)


def test_the_baseline_learns_ten_times_as_fast_and_is_clipped_apart(model):
    pair = WithBaseline(model, Baseline(model.config, key=jax.random.key(0)))
    weights = eqx.filter(pair, eqx.is_inexact_array)
    config = TrainConfig(**{**vars(CONFIG), "warmup": 0})
    optimiser = _optimiser(pair, config)
    # A tiny gradient for the model, within the clip norm; a huge one for the baseline.
    gradient = WithBaseline(
        jax.tree.map(lambda w: jnp.full_like(w, 1e-2), weights.model),
        jax.tree.map(lambda w: jnp.full_like(w, 1e9), weights.baseline),
    )
    change, state = jax.jit(lambda w, g: optimiser.update(g, optimiser.init(w)))(weights, gradient)
    # Adam's first change is the learning rate.
    assert all(np.allclose(leaf, -0.01, rtol=1e-4) for leaf in jax.tree.leaves(change.model))
    assert all(np.allclose(leaf, -0.1, rtol=1e-4) for leaf in jax.tree.leaves(change.baseline))
    means = state.inner_states["model"].inner_state[1][0].mu
    assert all(np.allclose(leaf, 1e-3, rtol=1e-4) for leaf in jax.tree.leaves(means))


@pytest.mark.parametrize("estimator", ["score", "score-baseline"])
def test_the_annealing_is_that_of_the_other_estimators(model, squares, estimator):
    config = TrainConfig(**{**vars(CONFIG), "estimator": estimator})
    baseline = Baseline(model.config, key=jax.random.key(0))
    trained = model if estimator == "score" else WithBaseline(model, baseline)
    objective = annealed_bound(model, config, squares)
    key, batch = jax.random.key(5), jnp.asarray(squares[:4] / np.float32(255))
    found = eqx.filter_jit(objective)(trained, (batch,), key, jnp.int32(0))
    # Whole at the first step.
    extra = config.count_penalty * mean_energy(squares, model.config.sigma)
    prior = jax.nn.log_softmax(model.log_prior() - extra * jnp.arange(3))
    noise = jax.random.normal(key, (4, 2, model.n_noise))
    uniform = jax.random.uniform(jax.random.fold_in(key, 1), (4, 2))
    by_hand = eqx.filter_jit(
        jax.vmap(lambda x, e, u: score_function(model, x, e, u, prior, config.prefix))
    )
    expected = by_hand(batch, noise, uniform).mean()
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
