"""The recurrent network of AIR: a cell that proposes one object a step."""

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
from airscene.model.where.proposal import Proposal, init_head, propose

# The weights of the image's layer start this much larger than usual, as images are mostly black: so
# attention depends on the image from the first step on.
IMAGE_GAIN = 1.2

# How steeply attention first prefers one side of the image, in nats a half-width. The direction is
# drawn with the weights: without one, attention to two objects is in the middle between them.
PREFERENCE_SLOPE = 2.0

# The ink of a typical object, in units of sigma^2.
TYPICAL_INK = 100.0


class State(NamedTuple):
    """What the network carries from step to step.

    Args:
        gates: What the image adds to the gates, the same at every step.
        hidden: The LSTM's output.
        cell: The LSTM's memory.
        z_where: Where the previous object is; zeros before the first.
        unexplained: Ink left in each square, in units of sigma^2, after the windows so far.
    """

    gates: Float[Array, " gates"]

    hidden: Float[Array, " hidden"]
    cell: Float[Array, " hidden"]
    z_where: Where
    unexplained: Squares


class RecurrentProposal(eqx.Module):
    """`(omega_i, h_i) = R(x, z_{i-1}, h_{i-1})`, an LSTM (paper, section 2.1 and appendix C).

    The image enters through a projection that is the same at every step, so it is computed once
    an image and added to the gates.

    Deviations. Of the previous latents the cell sees z_where and not z_what: where the other
    objects are is what it needs so as not to explain one twice, and with this the appearance of
    all N objects is computed at once, in products N times as large.

    Also, the mean place comes from attention, not from regression on the whole image. Let a be the
    ink that no window has covered so far, and m the cell's preference among squares:

        centre = sum_s a_s exp(m_s) place_s / sum_s a_s exp(m_s) + offset

    so a window lies on something unexplained from the first step of training on. The cell learns
    which thing to prefer, and it is told the sum of a. Without it, objects that are small beside
    the image are found late or not at all, as a window that covers nothing has no gradient.
    """

    image_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look_image"))
    gate_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look_gates"))
    recurrent_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("recur"))
    head: eqx.nn.Linear = eqx.field(metadata=stored_as("propose"))
    preference_head: eqx.nn.Linear = eqx.field(metadata=stored_as("prefer"))
    image_size: tuple[int, int] = eqx.field(static=True)
    explained_share: float = eqx.field(static=True)
    sigma: float = eqx.field(static=True)
    pose: Pose = eqx.field(static=True)
    uses_appearance: bool = eqx.field(static=True, default=False)
    n_sides: int = eqx.field(static=True, default=1)

    def __init__(self, config: AIRConfig, pose: Pose, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 6)
        n_hidden, n_features = config.n_hidden, config.n_features
        channels, self.image_size = config.image_shape[0], config.image_shape[1:]
        self.explained_share, self.sigma, self.pose = config.explained_share, config.sigma, pose
        x, y = spatial.square_centres(self.image_size)
        n_squares = len(x) * len(y)
        layer = eqx.nn.Linear(channels * n_squares, n_features, key=keys[0])
        self.image_layer = eqx.tree_at(lambda m: m.weight, layer, IMAGE_GAIN * layer.weight)
        self.gate_layer = eqx.nn.Linear(n_features, 4 * n_hidden, key=keys[1])
        self.recurrent_layer = eqx.nn.Linear(
            n_hidden + 4, 4 * n_hidden, use_bias=False, key=keys[2]
        )
        self.head = init_head(eqx.nn.Linear(n_hidden, 7, key=keys[3]))
        layer = eqx.nn.Linear(n_hidden, n_squares, key=keys[4])
        angle = jax.random.uniform(keys[5], maxval=2.0 * jnp.pi)
        slope = spatial.directional_preference(angle, self.image_size, PREFERENCE_SLOPE)
        self.preference_head = eqx.tree_at(lambda m: m.bias, layer, slope.ravel())

    def begin(self, image: Image, side: Side) -> State:
        """Return the state before the first step; it holds all that depends on the image alone.

        The network sees the image in units of sigma: what is worth explaining is then as large for
        faint or small objects. It learns its order, and ignores the side.
        """
        pooled = spatial.pool(image)
        gates = self.gate_layer(jax.nn.relu(self.image_layer(pooled.ravel() / self.sigma)))
        ink, zeros = jnp.square(pooled / self.sigma).sum(axis=0), jnp.zeros(self.head.in_features)
        return State(gates, zeros, zeros, jnp.zeros(3), ink)

    def step(self, state: State, noise: Where) -> tuple[State, Proposal]:
        """Run the cell."""
        amount = jnp.log1p(state.unexplained.sum() / TYPICAL_INK)
        inputs = jnp.concatenate([state.hidden, state.z_where, amount[None]])
        gates = state.gates + self.recurrent_layer(inputs)
        keep_in, forget, out, new = jnp.split(gates, 4)
        # A forget gate that starts open: what was seen first is not lost (Jozefowicz et al. 2015).
        cell = jax.nn.sigmoid(forget + 1.0) * state.cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(out) * jnp.tanh(cell)

        ink = state.unexplained + spatial.attention_floor(self.pose.object_size)
        attention = spatial.attend(ink, self.preference_head(hidden))
        centre = spatial.expected_place(attention, self.image_size)
        proposal = propose(self.head(hidden), centre, self.pose, noise)
        return state._replace(hidden=hidden, cell=cell), proposal

    def view(self, state: State, image: Image) -> Seen:
        """Windows are read from the image."""
        return image

    def explain(self, state: State, z_where: Where, appearance: Appearance | None = None) -> State:
        """Count a share of the ink in the object's window as explained.

        a' = a (1 - e exp(-d_x^4 - d_y^4)),   d: offset from its centre, in half-widths
        """
        scale, (centre_x, centre_y) = self.pose(z_where)
        (x, y), (height, width) = spatial.square_centres(self.image_size), self.image_size
        window = scale * min(height, width)
        cover_x = jnp.exp(-(((x - centre_x) * width / window) ** 4))
        cover_y = jnp.exp(-(((y - centre_y) * height / window) ** 4))
        share = self.explained_share * cover_y[:, None] * cover_x[None, :]
        return state._replace(z_where=z_where, unexplained=state.unexplained * (1.0 - share))
