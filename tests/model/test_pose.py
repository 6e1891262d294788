"""The map from standardised latents to poses, its inverse, and the prior that it implies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airscene.model.pose import Pose

normal = st.floats(-4, 4)
side = st.integers(8, 200)


@given(
    st.tuples(normal, normal, normal),
    st.tuples(side, side),
    st.floats(0.05, 1.0),
    st.floats(0.02, 0.5),
    st.floats(0.1, 1.0),
)
def test_inverse_inverts(z_where, image_size, object_size, scale_spread, position_spread):
    pose = Pose(object_size, scale_spread, position_spread)
    scale, (x, y) = pose(jnp.array(z_where, jnp.float32))
    height, width = image_size
    # The pixel of centre coordinate c is (c + 1) / 2 * side, by the project's convention.
    x, y = (float(x) + 1) / 2 * width, (float(y) + 1) / 2 * height
    half = float(scale) * min(image_size) / 2
    back = pose.inverse((x - half, y - half, x + half, y + half), image_size)
    assert np.allclose(back, z_where, atol=2e-3)


def test_the_typical_window():
    scale, centre = Pose(0.4, 0.07, 0.5)(jnp.zeros(3))
    assert scale == pytest.approx(0.4)
    assert centre.tolist() == [0, 0]


def test_moments_of_the_prior():
    n = 20_000
    scale, centre = jax.vmap(Pose(0.3, 0.2, 0.6))(jax.random.normal(jax.random.key(0), (n, 3)))
    log_scale = np.log(scale)
    assert log_scale.mean() == pytest.approx(np.log(0.3), abs=4 * 0.2 / n**0.5)
    # The standard error of a normal sample's standard deviation is s / sqrt(2 n).
    assert log_scale.std() == pytest.approx(0.2, abs=4 * 0.2 / (2 * n) ** 0.5)
    assert np.allclose(np.mean(centre, axis=0), 0, atol=4 * 0.6 / n**0.5)
    assert np.allclose(np.std(centre, axis=0), 0.6, atol=4 * 0.6 / (2 * n) ** 0.5)
