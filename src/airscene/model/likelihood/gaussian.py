"""Gaussian noise of one deviation in every pixel."""

import equinox as eqx
import numpyro.distributions as dist
from jaxtyping import Array, Float


class Gaussian(eqx.Module):
    """`N(x | y, sigma^2)` of each pixel (paper, appendix C).

    Args:
        sigma: Standard deviation of a pixel.
    """

    sigma: float = eqx.field(static=True)

    def log_prob(
        self,
        image: Float[Array, "channel height width"],
        canvas: Float[Array, "channel height width"],
    ) -> Float[Array, "channel height width"]:
        """Return the log-density of each pixel, in nats.

        Args:
            image: Image x, values in [0, 1].
            canvas: Canvas y.
        """
        return dist.Normal(canvas, self.sigma).log_prob(image)


def log_likelihood(
    image: Float[Array, "channel height width"],
    canvas: Float[Array, "channel height width"],
    sigma: float,
) -> Float[Array, ""]:
    """`log N(x | y, sigma^2 I)`, summed over pixels, in nats."""
    return Gaussian(sigma).log_prob(image, canvas).sum()
