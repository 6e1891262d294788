"""How likely an image is, given the canvas. A new kind is a file here, and a line below."""

from typing import Protocol

from airscene.model.likelihood.gaussian import Gaussian, log_likelihood
from airscene.model.shapes import Image


class Likelihood(Protocol):
    """The density of an image given the canvas, pixel by pixel.

    Args:
        sigma: Standard deviation of a pixel.
    """

    def __init__(self, sigma: float): ...

    def log_prob(self, image: Image, canvas: Image) -> Image:
        """Return the log-density of each pixel, in nats."""
        ...


LIKELIHOODS: dict[str, type[Likelihood]] = {"gaussian": Gaussian}

__all__ = ["LIKELIHOODS", "Gaussian", "Likelihood", "log_likelihood"]
