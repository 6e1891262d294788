"""Gaussian noise of one deviation in every pixel."""

import math

import equinox as eqx

from airscene.model.shapes import AnyArray, Image, Scalar


class Gaussian(eqx.Module):
    """`N(x | y, sigma^2)` of each pixel x, y the canvas (paper, appendix C).

    Args:
        sigma: Standard deviation of a pixel.
    """

    sigma: float = eqx.field(static=True)

    def deficit(self, error: AnyArray) -> AnyArray:
        """Return by how much each error lowers the log-density, in nats; of NumPy or JAX arrays."""
        return 0.5 * (error / self.sigma) ** 2

    def log_prob(self, image: Image, canvas: Image) -> Image:
        """Return the log-density of each pixel, in nats."""
        return -self.deficit(image - canvas) - math.log(math.sqrt(2.0 * math.pi) * self.sigma)


def log_likelihood(image: Image, canvas: Image, sigma: float) -> Scalar:
    """`log N(x | y, sigma^2 I)`, summed over pixels, in nats."""
    return Gaussian(sigma).log_prob(image, canvas).sum()
