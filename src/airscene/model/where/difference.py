"""The difference network (DAIR): it proposes an object from the canvas error alone."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model import attention
from airscene.model.appearance import Appearance, seen_channels
from airscene.model.composition import COMPOSITIONS, Composition
from airscene.model.config import AIRConfig
from airscene.model.pose import Pose
from airscene.model.shapes import Image, Place, Scalar, Seen, Side, Where
from airscene.model.stored import stored_as
from airscene.model.where import spatial
from airscene.model.where.proposal import Proposal, init_head, propose

# PREFERENCE_SLOPE: slope of the preference for one side, in nats per half-width of the image.
# POWER: exponent of the saliency. HALF_SATURATION: squared error, in sigma^2, with saliency 1/2.
# Together they send attention to one object, and keep thin residues on the preferred side from
# outweighing an object on the other.
PREFERENCE_SLOPE, POWER, HALF_SATURATION = 2.0, 3, 0.5

# The error is smoothed by a Gaussian of this deviation, in windows of a typical object: residues
# of both signs about an object that is drawn cancel, an object that is not drawn stays.
BLUR = 0.15

# Mean shift: number of iterations that move attention to the local mean place of the error, and
# the standard deviation of their Gaussian kernel, in windows.
MEAN_SHIFTS, SHIFT_WIDTH = 5, 0.25

# Size of a glimpse relative to a typical window; number of glimpses, each centred where the one
# before proposed; and the largest move between them, as a share of a window.
GLIMPSE_SIZE, N_GLIMPSES, REACH = 1.5, 3, 0.25

# Number of sides that deterministic inference tries.
N_SIDES = 4


class State(NamedTuple):
    """What is left to explain.

    Args:
        image: The image.
        error: Image less canvas.
        side: The side that objects are taken from first, in radians.
    """

    image: Image
    error: Image
    side: Scalar


class DifferenceProposal(eqx.Module):
    """`omega_i = R(x - x_i)`, x_i the canvas of the objects so far (paper, 3.1 and appendix D).

    It has no memory and sees nothing but the error, and of it only what is near: whatever the
    number of objects, those that are drawn have left it, and the next one looks as it would if it
    were the only one. So it can take more steps than it was trained with.

    Attention moves to where the error is large, on the preferred side of the image, which decides
    the order of the objects. The side is an argument: it is drawn for every scene in training, and
    `model.steps` chooses it in inference. A glimpse around that place, through two layers, then
    gives a better place for the next glimpse, and the last one the proposal.

    Deviations. The paper's network sees the whole error and has a hidden state (section 3.1;
    appendix D does without). And no gradient flows through attention, through the error or
    through where a glimpse is taken: the places of the windows learn through the offsets that
    the glimpses propose, each step for its own. With these gradients, training is unstable.
    """

    glimpses: tuple["Glimpse", ...]
    image_size: tuple[int, int] = eqx.field(static=True)
    sigma: float = eqx.field(static=True)
    pose: Pose = eqx.field(static=True)
    composition: Composition
    uses_appearance: bool = eqx.field(static=True, default=True)
    n_sides: int = eqx.field(static=True, default=N_SIDES)

    def __init__(self, config: AIRConfig, pose: Pose, *, key: PRNGKeyArray):
        keys = jax.random.split(key, N_GLIMPSES)
        self.image_size, self.sigma, self.pose = config.image_shape[1:], config.sigma, pose
        self.composition = COMPOSITIONS[config.composition]()
        self.glimpses = tuple(Glimpse(config, key=key) for key in keys)

    def begin(self, image: Image, side: Side) -> State:
        """Return the state before the first step: all of the image is left to explain."""
        return State(image, image, jnp.asarray(side, image.dtype))

    def step(self, state: State, noise: Where) -> tuple[State, Proposal]:
        """Propose one object from the error; keep the state."""
        error, pose = jax.lax.stop_gradient(state.error), self.pose
        centre = jax.lax.stop_gradient(self.attend(error / self.sigma, state.side))
        reach = 2.0 * REACH * pose.object_size / pose.position_spread
        seen, proposals = jax.lax.stop_gradient(self.view(state, state.image)), []
        for glimpse in self.glimpses:
            outputs = glimpse(seen, jax.lax.stop_gradient(centre), pose)
            proposals.append(propose(outputs, centre, pose, noise, reach))
            centre = proposals[-1].where_mean[1:] * pose.position_spread
        return state, proposals[-1]

    def view(self, state: State, image: Image) -> Seen:
        """Return what windows are read from: the error, and if objects hide each other, the canvas.

        Of one that is hidden in part the error is a sliver: only with the canvas, of which it
        sticks out, can one tell what it is a part of.
        """
        if not self.composition.hides:
            return state.error
        return jnp.concatenate([state.error, state.image - state.error])

    def explain(self, state: State, z_where: Where, appearance: Appearance | None) -> State:
        """Put the object on the canvas: what it hides, or what is white already, stays an error."""
        assert appearance is not None
        canvas = state.image - state.error
        canvas = self.composition.add(canvas, appearance.drawn, appearance.mask)
        return state._replace(error=state.image - canvas)

    def attend(self, error: Image, side: Scalar) -> Place:
        """Choose the place of the first glimpse, given the error in units of sigma."""
        x, y = spatial.square_centres(self.image_size)
        (height, width), pose = self.image_size, self.pose
        # A typical window, in half-widths and half-heights of the image.
        window = 2.0 * pose.object_size * min(height, width)
        across, down = window / width, window / height

        blur_x = _gaussian(x[:, None] - x, BLUR * across)
        blur_y = _gaussian(y[:, None] - y, BLUR * down)
        smooth = blur_y @ spatial.pool(error) @ blur_x / (blur_x.sum(0).max() * blur_y.sum(0).max())
        # Objects only add to the canvas, so they cannot reduce negative error.
        ink = jnp.square(jax.nn.relu(smooth)).mean(axis=0)
        saliency = ink / (ink + HALF_SATURATION) + spatial.attention_floor(pose.object_size)
        preference = spatial.directional_preference(side, self.image_size, PREFERENCE_SLOPE)
        best = jnp.argmax(POWER * jnp.log(saliency) + preference)
        row, column = jnp.unravel_index(best, saliency.shape)
        centre = jnp.stack([x[column], y[row]])
        for _ in range(MEAN_SHIFTS):
            near_x = _gaussian(x - centre[0], SHIFT_WIDTH * across)
            near_y = _gaussian(y - centre[1], SHIFT_WIDTH * down)
            near = saliency * near_y[:, None] * near_x
            centre = spatial.expected_place(near / near.sum(), self.image_size)
        return centre


class Glimpse(eqx.Module):
    """A look at the error around a place."""

    first_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("look"))
    second_layer: eqx.nn.Linear = eqx.field(metadata=stored_as("think"))
    head: eqx.nn.Linear = eqx.field(metadata=stored_as("propose"))
    n_cells: int = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        n_seen = seen_channels(config) * config.n_cells**2
        self.first_layer = eqx.nn.Linear(n_seen, config.n_features, key=keys[0])
        self.second_layer = eqx.nn.Linear(config.n_features, config.n_hidden, key=keys[1])
        self.head = init_head(eqx.nn.Linear(config.n_hidden, 7, key=keys[2]))
        self.n_cells = config.n_cells

    def __call__(self, seen: Seen, centre: Place, pose: Pose) -> Float[Array, " 7"]:
        """Read what is seen (see `view`) around a place, for `propose` to propose an object."""
        larger = jnp.array([math.log(GLIMPSE_SIZE) / pose.scale_spread])
        z_where = jnp.concatenate([larger, centre / pose.position_spread])
        window = attention.read(seen, z_where, pose, self.n_cells)
        features = jax.nn.relu(self.first_layer(window.ravel()))
        return self.head(jnp.tanh(self.second_layer(features)))


def _gaussian(distance: Float[Array, "*shape"], deviation: float) -> Float[Array, "*shape"]:
    return jnp.exp(-0.5 * jnp.square(distance / deviation))
