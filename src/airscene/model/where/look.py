"""A look of the difference network: what is seen, through two layers or a cell, to a proposal."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.config import AIRConfig
from airscene.model.lstm import remembered
from airscene.model.stored import stored_as
from airscene.model.where.proposal import init_head

# The output and the memory of an LSTM.
Memory = tuple[Float[Array, " hidden"], Float[Array, " hidden"]]


def lstm(gates: Float[Array, " gates"], cell: Float[Array, " hidden"]) -> Memory:
    """Return the output and the memory of AIR's LSTM, whose gates have an order of their own.

    Its forget gate starts open: what was seen first is not lost (Jozefowicz et al., An empirical
    exploration of recurrent network architectures, 2015).
    """
    keep_in, forget, out, new = jnp.split(gates, 4)
    return remembered(forget + 1.0, keep_in, out, new, cell)


class Look(eqx.Module):
    """What is seen, to the outputs that `propose` reads as an object.

    With a hidden state the second layer is an LSTM over the steps; without, each step is new.
    """

    first_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look"))
    second_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("think"))
    recurrent_layer: eqx.nn.Linear | None = eqx.field(metadata=stored_as("recur"))
    head: eqx.nn.Linear = eqx.field(metadata=stored_as("propose"))

    def __init__(self, n_seen: int, config: AIRConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        n_hidden, n_features = config.n_hidden, config.n_features
        n_gates = 4 * n_hidden if config.hidden_state else n_hidden
        self.first_layer = eqx.nn.Linear(n_seen, n_features, key=keys[0])
        self.second_layer = eqx.nn.Linear(n_features, n_gates, key=keys[1])
        self.recurrent_layer = None
        if config.hidden_state:
            again = jax.random.fold_in(key, 1)
            self.recurrent_layer = eqx.nn.Linear(n_hidden, n_gates, use_bias=False, key=again)
        self.head = init_head(eqx.nn.Linear(n_hidden, 7, key=keys[2]))

    def begin(self) -> Memory | None:
        """Return the hidden state before the first step, if there is any."""
        zeros = jnp.zeros(self.head.in_features)
        return None if self.recurrent_layer is None else (zeros, zeros)

    def __call__(
        self, seen: Float[Array, " seen"], memory: Memory | None
    ) -> tuple[Float[Array, " 7"], Memory | None]:
        """Return the outputs for `propose`, and the hidden state after the look."""
        through = self.second_layer(jax.nn.relu(self.first_layer(seen)))
        if self.recurrent_layer is None or memory is None:
            return self.head(jnp.tanh(through)), None
        memory = lstm(through + self.recurrent_layer(memory[0]), memory[1])
        return self.head(memory[0]), memory
