"""What training raises on a crop, against what single steps say."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.objective.patches import SOFT, Annealing, Crop, unroll

CONFIG = PatchConfig(
    channels=1,
    object_size="10px",
    pixels=8,
    n_what=2,
    n_cells=6,
    n_hidden=4,
    n_layer=8,
    background="black",
    calibration=Calibration(0.3, 30.0, 0.5, 0.01, 0.2, 400.0),
)
SIDE = 24


@pytest.fixture(scope="module")
def model():
    return PatchAIR(CONFIG, key=jax.random.key(0))


@pytest.fixture(scope="module")
def value(model):
    """A function that returns the value and the size of the gradient of a crop of two discs."""
    y, x = np.mgrid[:SIDE, :SIDE]
    image = 0.5 * sum(
        (np.hypot(x - a, y - b) < 4).astype(np.float32) for a, b in ((6, 7), (17, 15))
    )
    crop = Crop(jnp.asarray(image)[None], jnp.ones((SIDE, SIDE)))

    @eqx.filter_jit
    def both(price, force, noise, by_expectation):
        now = Annealing(price, 0.0, 1.0, force)
        of = eqx.filter_value_and_grad(
            lambda m: unroll(m, crop, noise, jnp.zeros(()), now, by_expectation)
        )
        found, gradient = of(model)
        return found, sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(gradient))

    def value(price, n, force=0.0, by_expectation=False):
        noise = jnp.zeros((n, model.n_noise))
        return tuple(
            map(float, both(jnp.asarray(price), jnp.asarray(force), noise, by_expectation))
        )

    return value


def test_one_step_is_its_gain_or_the_sum_over_there_and_not_there(value):
    """log(1 + e^(gain - price)): the exact bound of one object more or none."""
    free, _ = value(0.0, 1, force=1.0)
    for price in (free - 3.0, free - 0.5, free + 0.5, free + 3.0):
        left = free - price
        # What is not kept learns by a share that falls with what it lacks.
        share = 1.0 if left > 0.0 else 1.0 / (1.0 + np.exp(-left / (SOFT * price)))
        assert value(price, 1)[0] == pytest.approx(share * left, abs=1e-3)
        summed, _ = value(price, 1, by_expectation=True)
        assert summed == pytest.approx(np.logaddexp(0.0, free - price), abs=1e-3)


def test_the_sum_over_counts_is_above_any_one_count(value):
    price = 1.0
    one, two = (value(price, n, by_expectation=True)[0] for n in (1, 2))
    assert two >= one - 1e-4
    # What costs much is not there, whatever its number.
    assert value(1e6, 3, by_expectation=True)[0] == pytest.approx(0.0, abs=1e-4)


def test_what_is_not_kept_hardly_learns_where_it_is_not_forced_to(value):
    forced, unforced = value(1e6, 2, force=0.5)[1], value(1e6, 2, force=0.0)[1]
    assert forced > 10.0 * unforced > 0.0
    assert value(1e6, 2, by_expectation=True)[1] < 1e-6
    assert np.isfinite(value(0.0, 3, by_expectation=True)[1])
