"""The encoder and decoder of an attention window, a hidden layer each (a VAE; paper, Fig. 2)."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.appearance.window import seen_channels
from airscene.model.composition import COMPOSITIONS
from airscene.model.config import AIRConfig
from airscene.model.shapes import Window

# The decoder starts dark: an untrained object must add almost nothing to the canvas, or the
# first thing that training learns is that no object should ever be there.
DARK = -2.0


class Encoder(eqx.Module):
    """`q(z_what | x_att)`: a window to a diagonal Gaussian (paper, Fig. 2)."""

    layers: eqx.nn.MLP

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        n_in, n_out = seen_channels(config) * config.n_cells**2, 2 * config.n_what
        self.layers = eqx.nn.MLP(n_in, n_out, config.n_layer, 1, key=key)

    def __call__(self, window: Window) -> tuple[Float[Array, " what"], Float[Array, " what"]]:
        """Return the mean and the standard deviation of the code."""
        mean, scale = jnp.split(self.layers(window.ravel()), 2)
        return mean, jax.nn.softplus(scale)

    def infer(
        self, window: Window, noise: Float[Array, " what"], decoder: Any
    ) -> tuple[Float[Array, " what"], Float[Array, " what"], Float[Array, " what"]]:
        """Infer a code, see `airscene.model.appearance.WindowEncoder`."""
        mean, scale = self(window)
        return mean, scale, mean + scale * noise


class Decoder(eqx.Module):
    """`y_att = brightness * sigmoid(f(z_what) - 2)`: a code to a window (paper, Fig. 2).

    The paper's decoder can draw white. Where objects add up, two in one place could then as well be
    one of twice the brightness: `brightness` below 1 says that they are not.

    For a composition that needs masks, it draws colours and a mask, both from the code:

        m = sigmoid(f_m(z_what) - 2),   y_att = brightness * sigmoid(f(z_what)) * m
    """

    layers: eqx.nn.MLP
    patch: tuple[int, int, int] = eqx.field(static=True)
    brightness: float = eqx.field(static=True)
    masked: bool = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        self.brightness, self.masked = config.brightness, COMPOSITIONS[config.composition].masked
        channels, rows, columns = _patch(config)
        self.patch = (channels + self.masked, rows, columns)
        n_out = math.prod(self.patch)
        self.layers = eqx.nn.MLP(config.n_what, n_out, config.n_layer, 1, key=key)

    def __call__(self, z_what: Float[Array, " what"]) -> Window:
        """Return the window that a code draws: colours in [0, brightness], and a mask, if any."""
        drawn = self.layers(z_what).reshape(self.patch)
        if not self.masked:
            return self.brightness * jax.nn.sigmoid(drawn + DARK)
        mask = jax.nn.sigmoid(drawn[-1:] + DARK)
        return jnp.concatenate([self.brightness * jax.nn.sigmoid(drawn[:-1]) * mask, mask])


def _patch(config: AIRConfig) -> tuple[int, int, int]:
    """Channels, height and width of a window."""
    return config.image_shape[0], config.n_cells, config.n_cells
