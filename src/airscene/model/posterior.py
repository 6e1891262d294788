"""The inference network: a recurrent cell that proposes one object a step."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.pose import Pose

# At first, an object should have to prove its worth: were all N there from the start, they would
# share every digit among them, and nothing would tell the second that the first is enough.
UNLIKELY = -3.0

# The image's projection starts this much larger than a layer's usual weights, as images are
# mostly black: so that from the first step on, where to look depends on the image.
BRIGHT = 1.2

# Where the first steps look: the starting spread of each window, as a softplus argument (0.3).
SPREAD = -1.0

# The mean scale stays this near to the prior's, and the mean place to the centre of attention, in
# standard deviations of the prior: a window that has left everything has no gradient to return.
SCALE_REACH, PLACE_REACH = 3.0, 1.0

# How steeply attention first prefers ink on one side of the image, in nats a half-width. The
# direction is drawn with the weights: without one, of two things attention takes the middle.
SLOPE = 2.0

# Ink that is none, in units of the noise: where nothing is left, attention still has a centre.
FAINT = 0.01

# For objects smaller than this share of the image it falls, by so many nats as 1 / size grows.
LARGE, STEEP = 0.3, 2.5

# The ink of a typical object, in the same units.
ENOUGH = 100.0

# The image is averaged over squares of this side before it enters the recurrent cell, which
# need not see fine detail to say where things are; the window sees the image itself.
POOL = 2


def _floor(object_size: float) -> float:
    """How much ink attention takes a black square for.

    The smaller the windows, the more squares there are to choose among, and the steeper the
    preference among them that the cell learns, in proportion to 1 / object_size. A thing on the
    side that it likes least must still outweigh all black squares on the other.
    """
    return max(1e-6, FAINT * math.exp(-STEEP * max(0.0, 1.0 / object_size - 1.0 / LARGE)))


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


class Looked(NamedTuple):
    """What the network sees of an image, the same at every step.

    Args:
        gates: What the image adds to the gates.
        ink: How much there is to explain in each square of the image.
    """

    gates: Float[Array, " gates"]
    ink: Float[Array, "rows columns"]


class State(NamedTuple):
    """What the network carries from step to step.

    Args:
        hidden: The LSTM's output.
        cell: The LSTM's memory.
        z_where: Where the previous object is; zeros before the first.
        left: The ink that no window has covered yet.
    """

    hidden: Float[Array, " hidden"]
    cell: Float[Array, " hidden"]
    z_where: Float[Array, " 3"]
    left: Float[Array, "rows columns"]


class RecurrentPosterior(eqx.Module):
    """`(omega_i, h_i) = R(x, z_{i-1}, h_{i-1})`, an LSTM (paper, section 2.1 and appendix C).

    The image enters through a projection that is the same at every step, so it is computed once
    an image and added to the gates.

    Deviations. Of the previous latents the cell sees z_where and not z_what: where the other
    objects are is what it needs so as not to explain one twice, and with this the appearance of
    all N objects is computed at once, in products N times as large.

    And the mean place is not regressed from the whole image but attended to. With a the ink that
    the windows so far have not covered and m the cell's preference among squares,

        centre = sum_s a_s exp(m_s) place_s / sum_s a_s exp(m_s) + offset

    so a window lies on something unexplained from the first step of training on. The cell learns
    which thing to prefer, and it is told the sum of a. Without it, objects that are small beside
    the image are found late or not at all, as a window that covers nothing has no gradient.

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
    prefer: eqx.nn.Linear
    image_size: tuple[int, int] = eqx.field(static=True)
    explained: float = eqx.field(static=True)

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_hidden: int,
        n_look: int,
        explained: float,
        *,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, 6)
        channels, self.image_size = image_shape[0], image_shape[1:]
        self.explained = explained
        x, y = self._places()
        n_squares = len(x) * len(y)
        look_image = eqx.nn.Linear(channels * n_squares, n_look, key=keys[0])
        self.look_image = eqx.tree_at(lambda m: m.weight, look_image, BRIGHT * look_image.weight)
        self.look_gates = eqx.nn.Linear(n_look, 4 * n_hidden, key=keys[1])
        self.recur = eqx.nn.Linear(n_hidden + 4, 4 * n_hidden, use_bias=False, key=keys[2])
        propose = eqx.nn.Linear(n_hidden, 7, key=keys[3])
        bias = jnp.array([UNLIKELY, 0.0, 0.0, 0.0, SPREAD, SPREAD, SPREAD])
        self.propose = eqx.tree_at(
            lambda m: (m.weight, m.bias), propose, (0.3 * propose.weight, bias)
        )
        prefer = eqx.nn.Linear(n_hidden, n_squares, key=keys[4])
        angle = jax.random.uniform(keys[5], maxval=2.0 * jnp.pi)
        slope = SLOPE * (jnp.cos(angle) * x[None, :] + jnp.sin(angle) * y[:, None])
        self.prefer = eqx.tree_at(lambda m: m.bias, prefer, slope.ravel())

    def _places(self) -> tuple[Float[Array, " columns"], Float[Array, " rows"]]:
        """Return x and y of the centres of the squares, in [-1, 1] across the image."""
        height, width = self.image_size
        x, y = (
            (jnp.arange(-(-side // POOL)) + 0.5) * (2.0 * POOL / side) - 1.0
            for side in (width, height)
        )
        return x, y

    def look(self, image: Float[Array, "channel height width"], sigma: float) -> Looked:
        """Look at the image, once for all steps.

        Args:
            image: Image, values in [0, 1].
            sigma: Standard deviation of a pixel given the canvas. The network sees the image in
                units of it: what is worth explaining is then as large for faint or small objects.

        Returns:
            What the steps see of it.
        """
        height, width = self.image_size
        padded = jnp.pad(image, ((0, 0), (0, -height % POOL), (0, -width % POOL)))
        squares = [padded[:, i::POOL, j::POOL] for i in range(POOL) for j in range(POOL)]
        pooled = sum(squares) / POOL**2
        gates = self.look_gates(jax.nn.relu(self.look_image(pooled.ravel() / sigma)))
        return Looked(gates, jnp.square(pooled / sigma).sum(axis=0))

    def start(self, looked: Looked) -> State:
        """Return the state before the first step."""
        zeros = jnp.zeros(self.propose.in_features)
        return State(zeros, zeros, jnp.zeros(3), looked.ink)

    def __call__(self, looked: Looked, state: State, pose: Pose) -> tuple[State, Proposal]:
        """Run one step.

        Args:
            looked: What `look` saw of the image.
            state: State after the previous object.
            pose: The map from `z_where` to scale and centre.

        Returns:
            The state, and what is proposed. `explain` then says which object was drawn from it.
        """
        amount = jnp.log1p(state.left.sum() / ENOUGH)
        seen = jnp.concatenate([state.hidden, state.z_where, amount[None]])
        keep_in, forget, out, new = jnp.split(looked.gates + self.recur(seen), 4)
        # A forget gate that starts open: what was seen first is not lost (Jozefowicz et al. 2015).
        cell = jax.nn.sigmoid(forget + 1.0) * state.cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(out) * jnp.tanh(cell)

        x, y = self._places()
        liking = self.prefer(hidden)
        liking = jnp.exp(liking - jax.lax.stop_gradient(liking.max()))
        attended = (state.left + _floor(pose.object_size)) * liking.reshape(state.left.shape)
        attended = attended / attended.sum()
        centre = jnp.stack([attended.sum(axis=0) @ x, attended.sum(axis=1) @ y])

        proposed = self.propose(hidden)
        reach = jnp.array([SCALE_REACH, PLACE_REACH, PLACE_REACH])
        mean = reach * jnp.tanh(proposed[1:4] / reach)
        mean = mean.at[1:].add(centre / pose.position_spread)
        proposal = Proposal(proposed[0], mean, jax.nn.softplus(proposed[4:]))
        return state._replace(hidden=hidden, cell=cell), proposal

    def explain(self, state: State, z_where: Float[Array, " 3"], pose: Pose) -> State:
        """Take the ink in an object's window for explained.

            a' = a (1 - e exp(-d_x^4 - d_y^4)),   d from the window's centre, in its half-widths

        Args:
            state: State after the step that proposed the object.
            z_where: Where the object is.
            pose: The map from `z_where` to scale and centre.

        Returns:
            The state before the next step.
        """
        scale, (centre_x, centre_y) = pose(z_where)
        (x, y), (height, width) = self._places(), self.image_size
        window = scale * min(height, width)
        cover_x = jnp.exp(-(((x - centre_x) * width / window) ** 4))
        cover_y = jnp.exp(-(((y - centre_y) * height / window) ** 4))
        left = state.left * (1.0 - self.explained * cover_y[:, None] * cover_x[None, :])
        return state._replace(z_where=z_where, left=left)
