"""Attention: interpolation that keeps brightness, moves with its pose, and has exact gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airscene.model import attention
from airscene.model.pose import Pose

POSE = Pose(object_size=0.5, scale_spread=0.2, position_spread=0.5)

read_matrix = jax.jit(attention._read_matrix, static_argnums=(2, 3))
write_matrix = jax.jit(attention._write_matrix, static_argnums=(2, 3))
read, write = eqx.filter_jit(attention.read), eqx.filter_jit(attention.write)


# A window whose cells, widened as they are, stay inside 40 pixels.
@given(st.floats(2.0, 24.0), st.floats(-0.1, 0.1))
def test_reading_keeps_brightness(side, centre):
    rows = np.asarray(read_matrix(side, centre, 40, 8))
    assert np.all(rows >= 0)
    width = max(side / 8, 1)
    if side <= 8:
        assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    # Hats wider than one and not by a whole number sum to 1 only nearly: for a hat of half-width w
    # in [1, 2] the sum is at least 8/9 (w = 3/2) and at most 9/8 (w = 4/3).
    assert np.all(rows.sum(axis=1) > 8 / 9 - 1e-5) and np.all(rows.sum(axis=1) < 9 / 8 + 1e-5)
    # What a cell reads lies around its centre, within the hat.
    at = (centre + 1) / 2 * 40 + side * ((np.arange(8) + 0.5) / 8 - 0.5)
    far = np.abs(at[:, None] - (np.arange(40) + 0.5)) > width + 1e-3
    assert np.all(rows[far] == 0)


@pytest.mark.parametrize("cells_a_pixel", [1, 2, 3])
def test_writing_a_white_patch_draws_a_white_square(cells_a_pixel):
    rows = np.asarray(write_matrix(8.0, 0.03, 24, 8 * cells_a_pixel))
    middle = (0.03 + 1) / 2 * 24
    distance = np.abs(np.arange(24) + 0.5 - middle)
    assert np.allclose(rows.sum(axis=1)[distance < 3], 1, atol=1e-5)
    assert np.all(rows[distance > 5] == 0)


def smooth(height, width, channels=1):
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [0.5 + 0.4 * np.sin(0.15 * x + c) * np.cos(0.2 * y - c) for c in range(channels)]
    return jnp.asarray(np.stack(waves), jnp.float32)


@pytest.mark.parametrize("shape", [(1, 40, 40), (3, 40, 52), (1, 60, 40)])
def test_read_then_write_gives_back_the_inside(shape):
    channels, height, width = shape
    image, n_cells = smooth(height, width, channels), 20
    z_where = jnp.array([0.0, 0.17, -0.11])  # side of 20 pixels: one cell a pixel, off the grid
    back = write(read(image, z_where, POSE, n_cells), z_where, POSE, (height, width))
    assert back.shape == image.shape
    _, (cx, cy) = POSE(z_where)
    y, x = np.mgrid[:height, :width] + 0.5
    away = [np.abs(x - (cx + 1) / 2 * width), np.abs(y - (cy + 1) / 2 * height)]
    inside = np.maximum(*away) < 9
    # Linear interpolation is off by at most h^2 / 8 max |f''|, here twice along each axis.
    error = 2 * 0.4 * (0.15**2 + 0.2**2) / 8
    assert np.abs(back - image)[:, inside].max() < error + 1e-5
    assert np.all(np.asarray(back)[:, np.maximum(*away) > 12] == 0)


def test_a_window_reads_in_image_orientation():
    image = np.zeros((1, 20, 30), np.float32)
    image[0, 6:10, 20:24] = 1  # x 20..24 and y 6..10: right of the middle, above it
    x, y = 22 / 30 * 2 - 1, 8 / 20 * 2 - 1
    z_where = jnp.array([0.0, x / 0.5, y / 0.5])
    window = np.asarray(read(jnp.asarray(image), z_where, POSE, 10))[0]
    assert np.allclose(window[3:7, 3:7], 1, atol=1e-5) and window.sum() == pytest.approx(
        16, abs=1e-3
    )


def test_outside_the_image_is_black():
    away = jnp.array([0.0, 8.0, 0.0])
    assert np.all(np.asarray(read(smooth(12, 12), away, POSE, 4)) == 0)
    assert np.all(np.asarray(write(jnp.ones((1, 4, 4)), away, POSE, (12, 12))) == 0)


@given(st.integers(-3, 3), st.integers(-3, 3), st.floats(-1.5, 1.5))
def test_shift_equivariance(dx, dy, z_scale):
    height, width = 30, 36
    z_where = jnp.array([z_scale, 0.05, -0.02])
    moved = z_where + jnp.array([0.0, 2 * dx / width / 0.5, 2 * dy / height / 0.5])
    patch = smooth(5, 5)
    written = write(patch, z_where, POSE, (height, width))
    shifted = jnp.roll(written, (dy, dx), axis=(1, 2))
    assert np.allclose(write(patch, moved, POSE, (height, width)), shifted, atol=1e-4)
    image = jnp.pad(smooth(20, 26), ((0, 0), (5, 5), (5, 5)))
    rolled = jnp.roll(image, (dy, dx), axis=(1, 2))
    # atol: a float32 position is known to about 1e-6 of the image.
    assert np.allclose(read(rolled, moved, POSE, 5), read(image, z_where, POSE, 5), atol=1e-4)


# Windows of fewer pixels than cells and of more: the hats of writing, or of reading, are widened.
@pytest.mark.parametrize("object_size", [0.25, 0.8])
@pytest.mark.parametrize("shape", [(1, 11, 14), (3, 13, 9)])
@pytest.mark.parametrize("way", ["read", "write"])
def test_gradients_against_central_differences(way, shape, object_size):
    with jax.enable_x64(True):
        rng = np.random.default_rng(3)
        pose, n_cells = Pose(object_size, 0.2, 0.5), 4
        patch = (shape[0], n_cells, n_cells)
        source, weights = (shape, patch) if way == "read" else (patch, shape)
        source, weights = jnp.asarray(rng.random(source)), jnp.asarray(rng.normal(size=weights))

        @jax.jit
        def value(source, z_where):
            if way == "read":
                out = read(source, z_where, pose, n_cells)
            else:
                out = write(source, z_where, pose, shape[1:])
            return jnp.sum(weights * out)

        for z_where in jnp.asarray(rng.normal(size=(4, 3)) * [1.0, 0.5, 0.5]):
            gradients = jax.grad(value, argnums=(0, 1))(source, z_where)
            # The value is piecewise smooth in the pose, and linear in the source.
            h = 1e-6
            for axis in h * jnp.eye(3):
                change = value(source, z_where + axis) - value(source, z_where - axis)
                assert change / (2 * h) == pytest.approx(float(gradients[1] @ axis) / h, abs=1e-6)
            step = jnp.asarray(rng.normal(size=source.shape))
            change = value(source + step, z_where) - value(source - step, z_where)
            assert change / 2 == pytest.approx(float(jnp.sum(gradients[0] * step)), abs=1e-9)
