"""An object drawn in a few steps: DRAW of one attention window (paper, appendix F)."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.errors import InputError
from airscene.model.appearance.mlp import DARK
from airscene.model.appearance.window import seen_channels
from airscene.model.composition import COMPOSITIONS
from airscene.model.config import AIRConfig
from airscene.model.lstm import gated, lstm_gates, without_bias
from airscene.model.shapes import Window

# Steps that a window is drawn in. Each has an equal share of the code.
STEPS = 5

Code = Float[Array, " what"]
# Output and memory of the decoder's LSTM, and the logits of what is drawn so far.
State = tuple[Float[Array, " hidden"], Float[Array, " hidden"], Float[Array, " cells"]]


class DrawDecoder(eqx.Module):
    """`y_att = brightness * sigmoid(sum_t paint(h_t) - 2)`, `h_t = LSTM(z_t, h_{t-1})`.

    The code is z_1, .., z_5, one after the other. As for `airscene.model.appearance.mlp.Decoder`,
    nothing is drawn at first.
    """

    gates: eqx.nn.Linear
    paint: eqx.nn.Linear
    patch: tuple[int, int, int] = eqx.field(static=True)
    brightness: float = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        masked = COMPOSITIONS[config.composition].masked
        if masked or seen_channels(config) != config.image_shape[0]:
            raise InputError(
                f"composition is {config.composition!r}, and DRAW draws windows without masks, of "
                "the error alone; it should be 'sum' with appearance 'draw'"
            )
        n_hidden, keys = config.n_layer, jax.random.split(key)
        self.patch = config.image_shape[0], config.n_cells, config.n_cells
        self.brightness = config.brightness
        self.gates = lstm_gates(_share(config), n_hidden, keys[0])
        self.paint = without_bias(n_hidden, math.prod(self.patch), keys[1])

    def __call__(self, z_what: Code) -> Window:
        """Return the window that a code draws, values in [0, brightness]."""
        state = self.begin()
        for z in jnp.split(z_what, STEPS):
            state = self.step(state, z)
        return self.drawn(state).reshape(self.patch)

    def begin(self) -> State:
        """Return the state before the first step."""
        nothing = jnp.zeros(self.paint.in_features)
        return nothing, nothing, jnp.full(self.paint.out_features, DARK)

    def step(self, state: State, z: Float[Array, " share"]) -> State:
        """Draw what one step's share of the code says."""
        output, cell, canvas = state
        output, cell = gated(self.gates(jnp.concatenate([z, output])), cell)
        return output, cell, canvas + self.paint(output)

    def drawn(self, state: State) -> Float[Array, " cells"]:
        """Return what is drawn so far, values in [0, brightness]."""
        return self.brightness * jax.nn.sigmoid(state[2])


class DrawEncoder(eqx.Module):
    """`q(z_t | x_att, z_1..t-1)`: an LSTM that sees what is drawn so far, and what is missing.

        h_t = LSTM([x_att, x_att - y_{t-1}, h_dec_{t-1}], h_{t-1}),   z_t ~ N(mu(h_t), sigma(h_t)^2)

    This is `airscene.baselines.draw` without attention: the window is small, and AIR has placed it
    already. What the gates see of x_att is the same at every step, and is computed once.
    """

    see: eqx.nn.Linear
    gates: eqx.nn.Linear
    posterior: eqx.nn.Linear

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        n_hidden, keys = config.n_layer, jax.random.split(key, 3)
        n_cells = config.image_shape[0] * config.n_cells**2
        self.see = eqx.nn.Linear(n_cells, 4 * n_hidden, use_bias=False, key=keys[0])
        self.gates = lstm_gates(n_cells + n_hidden, n_hidden, keys[1])
        self.posterior = without_bias(n_hidden, 2 * _share(config), keys[2])

    def infer(self, window: Window, noise: Code, decoder: DrawDecoder) -> tuple[Code, Code, Code]:
        """Infer a code, see `airscene.model.appearance.WindowEncoder`."""
        x, state, found = window.ravel(), decoder.begin(), []
        seen = self.see(x)
        output = cell = jnp.zeros(self.posterior.in_features)
        for e in jnp.split(noise, STEPS):
            inputs = jnp.concatenate([x - decoder.drawn(state), state[0], output])
            output, cell = gated(seen + self.gates(inputs), cell)
            mean, scale = jnp.split(self.posterior(output), 2)
            scale = jax.nn.softplus(scale)
            z = mean + scale * e
            state = decoder.step(state, z)
            found.append((mean, scale, z))
        means, scales, codes = (jnp.concatenate(parts) for parts in zip(*found, strict=True))
        return means, scales, codes


def _share(config: AIRConfig) -> int:
    """Numbers of the code that each step has."""
    if config.n_what % STEPS:
        raise InputError(f"n_what is {config.n_what}; with DRAW it should be a multiple of {STEPS}")
    return config.n_what // STEPS
