"""Images changed at random: another ground, noise, contrast and size."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.shapes import Image, Scalar

# The brightest ground; the largest deviation of the noise; the least contrast; and the smallest and
# the largest size, as shares of what the images have.
GROUND, NOISE, CONTRAST, SIZES = 0.3, 0.2, 0.4, (0.8, 1.25)


def augment(image: Image, share: float | Scalar, key: PRNGKeyArray) -> Image:
    """Change an image at random, or leave it as it is.

        x' = clip(ground + contrast * x(size) + noise, 0, 1)

    Contrast and the noise's deviation are uniform, and so is the logarithm of the size: the image
    is magnified about its centre, and black where it then does not reach. The ground is uniform in
    one half of the images, and black in the other half: what clipping makes of noise on black is as
    common as noise.

    Args:
        image: Image, values in [0, 1].
        share: The probability that it is changed.
        key: Decides the change.
    """
    keys = jax.random.split(key, 6)
    ground = jax.nn.relu(jax.random.uniform(keys[0], minval=-GROUND, maxval=GROUND))
    deviation = jax.random.uniform(keys[1], maxval=NOISE)
    contrast = jax.random.uniform(keys[2], minval=CONTRAST)
    smallest, largest = jnp.log(jnp.array(SIZES))
    size = jnp.exp(jax.random.uniform(keys[3], minval=smallest, maxval=largest))
    noise = deviation * jax.random.normal(keys[4], image.shape)
    changed = jnp.clip(ground + contrast * magnified(image, size) + noise, 0.0, 1.0)
    return jnp.where(jax.random.uniform(keys[5]) < share, changed, image)


def magnified(image: Image, size: Scalar) -> Image:
    """Return an image magnified about its centre, bilinearly, and black beyond its edges."""
    rows, columns = (_bilinear(side, size) for side in image.shape[1:])
    return rows @ image @ columns.T


def _bilinear(side: int, size: Scalar) -> Float[Array, "side side"]:
    """How much of each pixel of a line is in each of the line magnified about its middle."""
    pixel = jnp.arange(side)
    middle = (side - 1) / 2.0
    seen = (pixel - middle) / size + middle
    return jnp.maximum(0.0, 1.0 - jnp.abs(seen[:, None] - pixel))
