"""The inference network: a recurrent cell that proposes one object a step."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

# At first, an object should have to prove its worth: were all N there from the start, they would
# share every digit among them, and nothing would tell the second that the first is enough.
UNLIKELY = -3.0

# The image's projection starts this much larger than a layer's usual weights, as images are
# mostly black: so that from the first step on, where to look depends on the image.
BRIGHT = 4.0

# Where the first steps look: the starting spread of each window, as a softplus argument (0.3).
SPREAD = -1.0

# The mean pose stays this near to the prior's, in its standard deviations: a window that has left
# the image has nothing to draw there, and no gradient to bring it back.
SCALE_REACH, PLACE_REACH = 3.0, 2.0

# The image is averaged over squares of this side before it enters the recurrent cell, which
# need not see fine detail to say where things are; the window sees the image itself.
POOL = 2


class Proposal(NamedTuple):
    """The posterior of one step.

    Args:
        logit: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        where_mean: Mean of q(z_where).
        where_scale: Standard deviation of q(z_where).
    """

    logit: Float[Array, ""]
    where_mean: Float[Array, " 3"]
    where_scale: Float[Array, " 3"]


State = tuple[Float[Array, " hidden"], Float[Array, " hidden"]]


class RecurrentPosterior(eqx.Module):
    """`(omega_i, h_i) = R(x, z_{i-1}, h_{i-1})`, an LSTM (paper, section 2.1 and appendix C).

    The image enters through a projection that is the same at every step, so it is computed once
    an image and added to the gates.

    Deviation: of the previous latents the cell sees z_where and not z_what. Where the other
    objects are is what it needs so as not to explain one twice, and with this the appearance of
    all N objects is computed at once, in products N times as large.

    Args:
        image_shape: Channels, height and width of the images, in pixels.
        n_hidden: Units of the LSTM.
        n_look: Units of the layer that looks at the image.
        key: Randomness of the initial weights.
    """

    look_image: eqx.nn.Linear
    look_gates: eqx.nn.Linear
    recur: eqx.nn.Linear
    propose: eqx.nn.Linear

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_hidden: int,
        n_look: int,
        *,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, 4)
        channels, height, width = image_shape
        n_in = channels * -(-height // POOL) * -(-width // POOL)
        look_image = eqx.nn.Linear(n_in, n_look, key=keys[0])
        self.look_image = eqx.tree_at(lambda m: m.weight, look_image, BRIGHT * look_image.weight)
        self.look_gates = eqx.nn.Linear(n_look, 4 * n_hidden, key=keys[1])
        self.recur = eqx.nn.Linear(n_hidden + 3, 4 * n_hidden, use_bias=False, key=keys[2])
        propose = eqx.nn.Linear(n_hidden, 7, key=keys[3])
        bias = jnp.array([UNLIKELY, 0.0, 0.0, 0.0, SPREAD, SPREAD, SPREAD])
        self.propose = eqx.tree_at(
            lambda m: (m.weight, m.bias), propose, (0.3 * propose.weight, bias)
        )

    def look(self, image: Float[Array, "channel height width"]) -> Float[Array, " gates"]:
        """Return what the image adds to the gates of every step."""
        _, height, width = image.shape
        image = jnp.pad(image, ((0, 0), (0, -height % POOL), (0, -width % POOL)))
        squares = [image[:, i::POOL, j::POOL] for i in range(POOL) for j in range(POOL)]
        pooled = sum(squares) / POOL**2
        return self.look_gates(jax.nn.relu(self.look_image(pooled.ravel())))

    def start(self) -> State:
        """Return the state before the first step."""
        zeros = jnp.zeros(self.propose.in_features)
        return zeros, zeros

    def __call__(
        self, looked: Float[Array, " gates"], state: State, z_where: Float[Array, " 3"]
    ) -> tuple[State, Proposal]:
        """Run one step.

        Args:
            looked: What the image adds to the gates, from `look`.
            state: State after the previous step.
            z_where: Where the previous object is; zeros before the first.

        Returns:
            The state after this step, and what it proposes.
        """
        hidden, cell = state
        gates = looked + self.recur(jnp.concatenate([hidden, z_where]))
        keep_in, forget, out, new = jnp.split(gates, 4)
        # A forget gate that starts open: what was seen first is not lost (Jozefowicz et al. 2015).
        cell = jax.nn.sigmoid(forget + 1.0) * cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(out) * jnp.tanh(cell)
        proposed = self.propose(hidden)
        reach = jnp.array([SCALE_REACH, PLACE_REACH, PLACE_REACH])
        mean = reach * jnp.tanh(proposed[1:4] / reach)
        proposal = Proposal(proposed[0], mean, jax.nn.softplus(proposed[4:]))
        return (hidden, cell), proposal
