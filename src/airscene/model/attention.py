"""Separable attention: a window read from an image, and a patch written into one.

The window only scales and shifts, so the spatial transformer (paper, section 3.1) factorises
into one small interpolation matrix an axis: reading is `A_y x A_x^T`, writing the same with the
roles of patch and image exchanged. Two matrix products, exact gradients, no gathers.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.pose import Pose
from airscene.model.shapes import Image, Scalar, Where, Window


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _hat(at: Float[Array, " out"], width: Scalar, n_in: int) -> Float[Array, "out {n_in}"]:
    """Hat functions of the given half-width around the positions `at`: linear interpolation.

        M[j, k] = max(width - |at_j - k|, 0) / width^2

    The derivative is written out, as it needs nothing but `at`: the one that JAX derives keeps
    several matrices of this size, which costs as much as the products that they are for.
    """
    return jax.nn.relu(width - jnp.abs(at[:, None] - jnp.arange(n_in))) / width**2


def _hat_forward(at, width, n_in):
    return _hat(at, width, n_in), (at, width)


def _hat_backward(n_in, saved, gradient):
    at, width = saved
    offset = at[:, None] - jnp.arange(n_in)
    distance = jnp.abs(offset)
    inside = jnp.where(distance < width, gradient, 0.0) / width**2
    d_at = -jnp.sum(inside * jnp.sign(offset), axis=1)
    return d_at, jnp.sum(inside * (2.0 * distance / width - 1.0))


_hat.defvjp(_hat_forward, _hat_backward)


def _widened(spacing: Scalar) -> Scalar:
    # Samples more than one cell apart average what lies between them, or they would miss it.
    return jax.nn.relu(spacing - 1.0) + 1.0


def _read_matrix(
    side: Scalar, centre: Scalar, n_pixels: int, n_cells: int
) -> Float[Array, "{n_cells} {n_pixels}"]:
    """Rows interpolate an axis of the image at the centres of the window's cells."""
    cells = (jnp.arange(n_cells) + 0.5) / n_cells - 0.5
    at = (centre + 1.0) / 2.0 * n_pixels + side * cells - 0.5
    return _hat(at, _widened(side / n_cells), n_pixels)


def _write_matrix(
    side: Scalar, centre: Scalar, n_pixels: int, n_cells: int
) -> Float[Array, "{n_pixels} {n_cells}"]:
    """Rows interpolate an axis of the window at the centres of the image's pixels."""
    pixels = jnp.arange(n_pixels) + 0.5 - (centre + 1.0) / 2.0 * n_pixels
    at = (pixels / side + 0.5) * n_cells - 0.5
    return _hat(at, _widened(n_cells / side), n_cells)


def _by_axis(matrix, z_where, pose, image_size, n_cells):
    scale, (x, y) = pose(z_where)
    side = scale * min(image_size)
    return (matrix(side, at, n, n_cells) for at, n in zip((y, x), image_size, strict=True))


def reading(
    z_where: Where, pose: Pose, image_size: tuple[int, int], n_cells: int
) -> tuple[Float[Array, "{n_cells} height"], Float[Array, "{n_cells} width"]]:
    """Return A_y and A_x of `read`, for several pictures that are read in one place."""
    rows, columns = _by_axis(_read_matrix, z_where, pose, image_size, n_cells)
    return rows, columns


def read(
    image: Image, z_where: Where, pose: Pose, n_cells: int
) -> Float[Array, "channel {n_cells} {n_cells}"]:
    """Read the attention window: `x_att = A_y x A_x^T`, zero where it leaves the image.

    Args:
        image: Image, values in [0, 1].
        z_where: Standardised pose of the window.
        pose: The map from `z_where` to scale and centre.
        n_cells: Side of the window, in samples.
    """
    _, height, width = image.shape
    rows, columns = reading(z_where, pose, (height, width), n_cells)
    return rows @ image @ columns.T


def write(patch: Window, z_where: Where, pose: Pose, image_size: tuple[int, int]) -> Image:
    """Write a patch, the inside of a window, into an empty image: `y = B_y y_att B_x^T`."""
    rows, columns = _by_axis(_write_matrix, z_where, pose, image_size, patch.shape[-1])
    return rows @ patch @ columns.T
