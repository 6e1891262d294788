"""An LSTM: its four gates as one layer, and what they do to its memory."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


def lstm_gates(n_in: int, n_hidden: int, key: PRNGKeyArray) -> eqx.nn.Linear:
    """Return the four gates of an LSTM as one layer, of its input and its previous output.

    The forget gate starts open, or tens of steps would wash out the first.

    Args:
        n_in: Numbers of the input.
        n_hidden: Units.
        key: Randomness of the initial weights.
    """
    return without_bias(n_in + n_hidden, 4 * n_hidden, key, n_open=n_hidden)


def without_bias(n_in: int, n_out: int, key: PRNGKeyArray, n_open: int = 0) -> eqx.nn.Linear:
    """Return a linear layer whose bias starts at 0, or at 1 for the first `n_open` outputs."""
    layer = eqx.nn.Linear(n_in, n_out, key=key)
    return eqx.tree_at(lambda m: m.bias, layer, jnp.zeros(n_out).at[:n_open].set(1.0))


def gated(
    gates: Float[Array, "gates *scenes"], cell: Float[Array, "hidden *scenes"]
) -> tuple[Float[Array, "hidden *scenes"], Float[Array, "hidden *scenes"]]:
    """Return the output and the memory of an LSTM, given its gates and its previous memory.

        c = sigmoid(forget) c + sigmoid(keep) tanh(new),   h = sigmoid(out) tanh(c)

    Args:
        gates: What the layer of `lstm_gates` puts out: forget, keep, out, new.
        cell: The memory.
    """
    forget, keep_in, out, new = jnp.split(gates, 4)
    return remembered(forget, keep_in, out, new, cell)


def remembered(
    forget: Float[Array, "hidden *scenes"],
    keep_in: Float[Array, "hidden *scenes"],
    out: Float[Array, "hidden *scenes"],
    new: Float[Array, "hidden *scenes"],
    cell: Float[Array, "hidden *scenes"],
) -> tuple[Float[Array, "hidden *scenes"], Float[Array, "hidden *scenes"]]:
    """Return the output and the memory, given each gate, see `gated`."""
    cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
    return jax.nn.sigmoid(out) * jnp.tanh(cell), cell
