"""How likely an image is, given the canvas."""

import numpyro.distributions as dist
from jaxtyping import Array, Float


def log_likelihood(
    image: Float[Array, "channel height width"],
    canvas: Float[Array, "channel height width"],
    sigma: float,
) -> Float[Array, ""]:
    """`log N(x | y, sigma^2 I)`, summed over pixels (paper, appendix C).

    Args:
        image: Image x, values in [0, 1].
        canvas: Canvas y, the sum of the objects' contributions.
        sigma: Standard deviation of a pixel.

    Returns:
        Log-density of the whole image, in nats.
    """
    return dist.Normal(canvas, sigma).log_prob(image).sum()
