"""The inference network: a recurrent cell that proposes one object a step."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model import posterior
from airscene.model.pose import Pose
from airscene.model.posterior import Proposal

# The image's projection starts this much larger than a layer's usual weights, as images are
# mostly black: so that from the first step on, where to look depends on the image.
BRIGHT = 1.2

# How steeply attention first prefers ink on one side of the image, in nats a half-width. The
# direction is drawn with the weights: without one, of two things attention takes the middle.
SLOPE = 2.0

# The ink of a typical object, in units of the noise.
ENOUGH = 100.0


class ImageFeatures(NamedTuple):
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
        n_features: Units of the layer that looks at the image.
        explained_share: Share of the ink in an object's window that the object is taken to explain.
        key: Randomness of the initial weights.
    """

    look_image: eqx.nn.Linear
    look_gates: eqx.nn.Linear
    recur: eqx.nn.Linear
    propose: eqx.nn.Linear
    prefer: eqx.nn.Linear
    image_size: tuple[int, int] = eqx.field(static=True)
    explained_share: float = eqx.field(static=True)

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_hidden: int,
        n_features: int,
        explained_share: float,
        *,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, 6)
        channels, self.image_size = image_shape[0], image_shape[1:]
        self.explained_share = explained_share
        x, y = posterior.places(self.image_size)
        n_squares = len(x) * len(y)
        look_image = eqx.nn.Linear(channels * n_squares, n_features, key=keys[0])
        self.look_image = eqx.tree_at(lambda m: m.weight, look_image, BRIGHT * look_image.weight)
        self.look_gates = eqx.nn.Linear(n_features, 4 * n_hidden, key=keys[1])
        self.recur = eqx.nn.Linear(n_hidden + 4, 4 * n_hidden, use_bias=False, key=keys[2])
        propose = eqx.nn.Linear(n_hidden, 7, key=keys[3])
        self.propose = posterior.init_head(propose)
        prefer = eqx.nn.Linear(n_hidden, n_squares, key=keys[4])
        angle = jax.random.uniform(keys[5], maxval=2.0 * jnp.pi)
        slope = posterior.slope(angle, self.image_size, SLOPE)
        self.prefer = eqx.tree_at(lambda m: m.bias, prefer, slope.ravel())

    def look(self, image: Float[Array, "channel height width"], sigma: float) -> ImageFeatures:
        """Look at the image, once for all steps.

        Args:
            image: Image, values in [0, 1].
            sigma: Standard deviation of a pixel given the canvas. The network sees the image in
                units of it: what is worth explaining is then as large for faint or small objects.

        Returns:
            What the steps see of it.
        """
        pooled = posterior.pool(image)
        gates = self.look_gates(jax.nn.relu(self.look_image(pooled.ravel() / sigma)))
        return ImageFeatures(gates, jnp.square(pooled / sigma).sum(axis=0))

    def start(self, image_features: ImageFeatures) -> State:
        """Return the state before the first step."""
        zeros = jnp.zeros(self.propose.in_features)
        return State(zeros, zeros, jnp.zeros(3), image_features.ink)

    def __call__(
        self, image_features: ImageFeatures, state: State, pose: Pose
    ) -> tuple[State, Proposal]:
        """Run one step.

        Args:
            image_features: What `look` saw of the image.
            state: State after the previous object.
            pose: The map from `z_where` to scale and centre.

        Returns:
            The state, and what is proposed. `explain` then says which object was drawn from it.
        """
        amount = jnp.log1p(state.left.sum() / ENOUGH)
        seen = jnp.concatenate([state.hidden, state.z_where, amount[None]])
        keep_in, forget, out, new = jnp.split(image_features.gates + self.recur(seen), 4)
        # A forget gate that starts open: what was seen first is not lost (Jozefowicz et al. 2015).
        cell = jax.nn.sigmoid(forget + 1.0) * state.cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(out) * jnp.tanh(cell)

        ink = state.left + posterior.attention_floor(pose.object_size)
        attended = posterior.attend(ink, self.prefer(hidden))
        centre = posterior.middle(attended, self.image_size)
        proposal = posterior.propose(self.propose(hidden), centre, pose)
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
        (x, y), (height, width) = posterior.places(self.image_size), self.image_size
        window = scale * min(height, width)
        cover_x = jnp.exp(-(((x - centre_x) * width / window) ** 4))
        cover_y = jnp.exp(-(((y - centre_y) * height / window) ** 4))
        left = state.left * (1.0 - self.explained_share * cover_y[:, None] * cover_x[None, :])
        return state._replace(z_where=z_where, left=left)
