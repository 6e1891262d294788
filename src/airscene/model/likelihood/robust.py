"""Noise with heavy tails: a scratch is not worth an object."""

import math

import equinox as eqx
import jax.numpy as jnp

from airscene.model.shapes import AnyArray, Image


class Robust(eqx.Module):
    """The symmetric hyperbolic distribution of each pixel x about the canvas y.

        log p(x | y) = -(d / sigma)^2 sqrt(1 + ((x - y) / d)^2) - log(2 d K_1((d / sigma)^2))

    Near the canvas it is as a Gaussian of deviation sigma; beyond `d = knee` its log-density falls
    in a straight line (the Charbonnier loss), where the Gaussian's falls as a square.

    Args:
        sigma: Standard deviation of the Gaussian that it is near the canvas.
        knee: Where the tails begin, d.
    """

    sigma: float = eqx.field(static=True)
    knee: float = eqx.field(static=True)

    def deficit(self, error: AnyArray) -> AnyArray:
        """Return by how much each error lowers the log-density, in nats; of NumPy or JAX arrays."""
        return (self.knee / self.sigma) ** 2 * ((1.0 + (error / self.knee) ** 2) ** 0.5 - 1.0)

    def log_prob(self, image: Image, canvas: Image) -> Image:
        """Return the log-density of each pixel, in nats."""
        ratio = (self.knee / self.sigma) ** 2
        from scipy.special import k1e  # slow to import, and nothing else needs it

        # K_1(r) = k1e(r) exp(-r), and the deficit has taken r off.
        normaliser = math.log(2.0 * self.knee) + math.log(float(k1e(ratio)))
        return jnp.asarray(-self.deficit(image - canvas) - normaliser)
