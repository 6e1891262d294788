"""The recurrent network of AIR: a cell that proposes one object a step."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.appearance import Appearance
from airscene.model.config import AIRConfig
from airscene.model.pose import Pose
from airscene.model.shapes import Image, Seen, Side, Squares, Where
from airscene.model.stored import stored_as
from airscene.model.where import spatial
from airscene.model.where.look import lstm
from airscene.model.where.proposal import (
    PLACE_REACH,
    SCALE_REACH,
    Proposal,
    init_head,
    propose,
)

# The weights of the image's layer start this much larger than usual, as images are mostly black: so
# attention depends on the image from the first step on.
IMAGE_GAIN = 1.2

# The ink of a typical object, in units of sigma^2.
TYPICAL_INK = 100.0


class State(NamedTuple):
    """What the network carries from step to step.

    Args:
        gates: What the image adds to the gates, the same at every step.
        hidden: The LSTM's output.
        cell: The LSTM's memory.
        z_where: Where the previous object is; zeros before the first.
        z_what: What it looks like, if the cell is shown that.
        unexplained: Ink left in each square, in units of sigma^2, after the windows so far.
    """

    gates: Float[Array, " gates"]
    hidden: Float[Array, " hidden"]
    cell: Float[Array, " hidden"]
    z_where: Where
    z_what: Float[Array, " what"] | None
    unexplained: Squares


class RecurrentProposal(eqx.Module):
    """`(omega_i, h_i) = R(x, z_{i-1}, h_{i-1})`, an LSTM (paper, section 2.1 and appendix C).

    The image enters through a projection that is the same at every step, so it is computed once
    an image and added to the gates.

    Deviations, and the options that switch them off. Of the previous latents the cell sees z_where
    and not z_what (`what_input`): where the other objects are is what it needs so as not to explain
    one twice, and with this the appearance of all N objects is computed at once, in products N
    times as large. It sees the image averaged over squares (`square`), and its mean scale stays
    near the prior's (`free_scale`).

    Also, the mean place comes from attention, not from regression on the whole image
    (`mean_place`). Let a be the ink that no window has covered so far (`explained_share`), and m
    the cell's preference among squares, which rises to one side at first (`preference_slope`):

        centre = sum_s a_s exp(m_s) place_s / sum_s a_s exp(m_s) + offset

    so a window lies on something unexplained from the first step of training on. The cell learns
    which thing to prefer, and it is told the sum of a (`ink_input`). Without attention, objects
    that are small beside the image are found late or not at all, as a window that covers nothing
    has no gradient.
    """

    image_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look_image"))
    gate_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look_gates"))
    recurrent_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("recur"))
    head: eqx.nn.Linear = eqx.field(metadata=stored_as("propose"))
    preference_head: eqx.nn.Linear | None = eqx.field(metadata=stored_as("prefer"))
    config: AIRConfig = eqx.field(static=True)
    pose: Pose = eqx.field(static=True)
    uses_appearance: bool = eqx.field(static=True)
    n_sides: int = eqx.field(static=True, default=1)

    def __init__(self, config: AIRConfig, pose: Pose, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 6)
        n_hidden, n_features = config.n_hidden, config.n_features
        channels, *size = config.image_shape
        self.config, self.pose, self.uses_appearance = config, pose, config.what_input
        n_squares = math.prod(-(-side // config.square) for side in size)
        layer = eqx.nn.Linear(channels * n_squares, n_features, key=keys[0])
        self.image_layer = eqx.tree_at(lambda m: m.weight, layer, IMAGE_GAIN * layer.weight)
        self.gate_layer = eqx.nn.Linear(n_features, 4 * n_hidden, key=keys[1])
        n_inputs = n_hidden + 3 + config.ink_input + config.what_input * config.n_what
        self.recurrent_layer = eqx.nn.Linear(n_inputs, 4 * n_hidden, use_bias=False, key=keys[2])
        self.head = init_head(eqx.nn.Linear(n_hidden, 7, key=keys[3]))
        self.preference_head = None
        if config.mean_place == "attention":
            # Without a slope, attention to two objects is first in the middle between them. Its
            # direction is drawn with the weights.
            angle = jax.random.uniform(keys[5], maxval=2.0 * jnp.pi)
            slope = spatial.directional_preference(
                angle, config.image_shape[1:], config.preference_slope, config.square
            )
            layer = eqx.nn.Linear(n_hidden, n_squares, key=keys[4])
            self.preference_head = eqx.tree_at(lambda m: m.bias, layer, slope.ravel())

    def begin(self, image: Image, side: Side) -> State:
        """Return the state before the first step; it holds all that depends on the image alone.

        The network sees the image in units of sigma: what is worth explaining is then as large for
        faint or small objects. It learns its order, and ignores the side.
        """
        c = self.config
        pooled = spatial.pool(image, c.square)
        gates = self.gate_layer(jax.nn.relu(self.image_layer(pooled.ravel() / c.sigma)))
        ink, zeros = jnp.square(pooled / c.sigma).sum(axis=0), jnp.zeros(self.head.in_features)
        z_what = jnp.zeros(c.n_what) if c.what_input else None
        return State(gates, zeros, zeros, jnp.zeros(3), z_what, ink)

    def step(self, state: State, noise: Where) -> tuple[State, Proposal]:
        """Run the cell."""
        c, inputs = self.config, [state.hidden, state.z_where]
        if c.ink_input:
            inputs.append(jnp.log1p(state.unexplained.sum() / TYPICAL_INK)[None])
        if state.z_what is not None:
            inputs.append(state.z_what)
        gates = state.gates + self.recurrent_layer(jnp.concatenate(inputs))
        hidden, cell = lstm(gates, state.cell)

        centre, place_reach = jnp.zeros(2), math.inf
        if self.preference_head is not None:
            ink = state.unexplained + spatial.attention_floor(c)
            attention = spatial.attend(ink, self.preference_head(hidden))
            centre = spatial.expected_place(attention, c.image_shape[1:], c.square)
            place_reach = PLACE_REACH
        scale_reach = math.inf if c.free_scale else SCALE_REACH
        outputs = self.head(hidden)
        proposal = propose(outputs, centre, self.pose, noise, place_reach, scale_reach)
        return state._replace(hidden=hidden, cell=cell), proposal

    def view(self, state: State, image: Image) -> Seen:
        """Windows are read from the image."""
        return image

    def explain(self, state: State, z_where: Where, appearance: Appearance | None = None) -> State:
        """Count a share of the ink in the object's window as explained.

        a' = a (1 - e exp(-d_x^4 - d_y^4)),   d: offset from its centre, in half-widths
        """
        scale, (centre_x, centre_y) = self.pose(z_where)
        height, width = size = self.config.image_shape[1:]
        x, y = spatial.square_centres(size, self.config.square)
        window = scale * min(height, width)
        cover_x = jnp.exp(-(((x - centre_x) * width / window) ** 4))
        cover_y = jnp.exp(-(((y - centre_y) * height / window) ** 4))
        share = self.config.explained_share * cover_y[:, None] * cover_x[None, :]
        state = state._replace(unexplained=state.unexplained * (1.0 - share), z_where=z_where)
        if appearance is None or state.z_what is None:
            return state
        return state._replace(z_what=appearance.z_what)
