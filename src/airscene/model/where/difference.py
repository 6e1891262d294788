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
from airscene.model.shapes import Image, Place, Scalar, Seen, Side, Where, Window
from airscene.model.where import spatial
from airscene.model.where.look import Look, Memory
from airscene.model.where.proposal import SCALE_REACH, Proposal, propose

# POWER: exponent of the saliency. HALF_SATURATION: squared error, in sigma^2, with saliency 1/2.
# With the slope of the preference for one side they send attention to one object, and keep thin
# residues on the preferred side from outweighing an object on the other.
POWER, HALF_SATURATION = 3, 0.5

# The error is smoothed by a Gaussian of this deviation, in windows of a typical object: residues
# of both signs about an object that is drawn cancel, an object that is not drawn stays.
BLUR = 0.15

# Mean shift: number of iterations that move attention to the local mean place of the error, and
# the standard deviation of their Gaussian kernel, in windows.
MEAN_SHIFTS, SHIFT_WIDTH = 5, 0.25

# Size of a glimpse relative to a typical window; number of glimpses, each centred where the one
# before proposed; and the largest move between them, as a share of a window.
GLIMPSE_SIZE, N_GLIMPSES, REACH = 1.5, 3, 0.25


class State(NamedTuple):
    """What is left to explain.

    Args:
        image: The image.
        error: Image less canvas.
        side: The side that objects are taken from first, in radians.
        memories: The hidden state of each look, if it has one.
    """

    image: Image
    error: Image
    side: Scalar
    memories: tuple[Memory | None, ...]


class DifferenceProposal(eqx.Module):
    """`omega_i = R(x - x_i)`, x_i the canvas of the objects so far (paper, 3.1 and appendix D).

    It has no memory and sees nothing but the error, and of it only what is near: whatever the
    number of objects, those that are drawn have left it, and the next one looks as it would if it
    were the only one. So it can take more steps than it was trained with.

    Attention moves to where the error is large, on the preferred side of the image, which decides
    the order of the objects. The side is an argument: it is drawn for every scene in training, and
    `model.steps` chooses it in inference. A glimpse around that place, through two layers, then
    gives a better place for the next glimpse, and the last one the proposal.

    Deviations, and the options that switch them off. The paper's network sees the whole error
    (`mean_place`), in which case it looks once and regresses the place; it has a hidden state
    (section 3.1; appendix D does without; `hidden_state`), and one order (`sides`). And no gradient
    flows through attention, through the error or through where a glimpse is taken
    (`all_gradients`): the places of the windows learn through the offsets that the glimpses
    propose, each step for its own. With these gradients, training is unstable.
    """

    glimpses: tuple[Look, ...]
    config: AIRConfig = eqx.field(static=True)
    pose: Pose = eqx.field(static=True)
    n_sides: int = eqx.field(static=True)
    composition: Composition
    uses_appearance: bool = eqx.field(static=True, default=True)

    def __init__(self, config: AIRConfig, pose: Pose, *, key: PRNGKeyArray):
        self.config, self.pose = config, pose
        # Without attention, no side is preferred.
        self.n_sides = config.sides if config.mean_place == "attention" else 1
        self.composition = COMPOSITIONS[config.composition]()
        n_looks, n_seen = N_GLIMPSES, config.n_cells**2
        if config.mean_place == "regressed":
            size = config.image_shape[1:]
            n_looks, n_seen = 1, math.prod(-(-side // config.square) for side in size)
        keys, n_seen = jax.random.split(key, n_looks), seen_channels(config) * n_seen
        self.glimpses = tuple(Look(n_seen, config, key=key) for key in keys)

    def begin(self, image: Image, side: Side) -> State:
        """Return the state before the first step: all of the image is left to explain."""
        memories = tuple(look.begin() for look in self.glimpses)
        return State(image, image, jnp.asarray(side, image.dtype), memories)

    def step(self, state: State, noise: Where) -> tuple[State, Proposal]:
        """Propose one object from the error."""
        c, pose = self.config, self.pose
        error, seen = self._held(state.error), self._held(self.view(state, state.image))
        scale_reach = math.inf if c.free_scale else SCALE_REACH
        if c.mean_place == "regressed":
            whole = spatial.pool(seen / c.sigma, c.square).ravel()
            outputs, memory = self.glimpses[0](whole, state.memories[0])
            proposal = propose(outputs, jnp.zeros(2), pose, noise, math.inf, scale_reach)
            return state._replace(memories=(memory,)), proposal
        centre = self._held(self.attend(error / c.sigma, state.side))
        reach = 2.0 * REACH * pose.object_size / pose.position_spread
        proposals, memories = [], []
        for look, memory in zip(self.glimpses, state.memories, strict=True):
            window = self.glimpse(seen, self._held(centre)).ravel()
            outputs, memory = look(window, memory)
            memories.append(memory)
            proposals.append(propose(outputs, centre, pose, noise, reach, scale_reach))
            centre = proposals[-1].where_mean[1:] * pose.position_spread
        return state._replace(memories=tuple(memories)), proposals[-1]

    def _held(self, value: Array) -> Array:
        return value if self.config.all_gradients else jax.lax.stop_gradient(value)

    def glimpse(self, seen: Seen, centre: Place) -> Window:
        """Read what is seen, see `view`, around a place."""
        larger = jnp.array([math.log(GLIMPSE_SIZE) / self.pose.scale_spread])
        z_where = jnp.concatenate([larger, centre / self.pose.position_spread])
        return attention.read(seen, z_where, self.pose, self.config.n_cells)

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
        height, width = size = self.config.image_shape[1:]
        (x, y), pose = spatial.square_centres(size), self.pose
        # A typical window, in half-widths and half-heights of the image.
        window = 2.0 * pose.object_size * min(height, width)
        across, down = window / width, window / height

        blur_x = _gaussian(x[:, None] - x, BLUR * across)
        blur_y = _gaussian(y[:, None] - y, BLUR * down)
        smooth = blur_y @ spatial.pool(error) @ blur_x / (blur_x.sum(0).max() * blur_y.sum(0).max())
        # Objects only add to the canvas, so they cannot reduce negative error.
        ink = jnp.square(jax.nn.relu(smooth)).mean(axis=0)
        saliency = ink / (ink + HALF_SATURATION) + spatial.attention_floor(self.config)
        preference = spatial.directional_preference(side, size, self.config.preference_slope)
        best = jnp.argmax(POWER * jnp.log(saliency) + preference)
        row, column = jnp.unravel_index(best, saliency.shape)
        centre = jnp.stack([x[column], y[row]])
        for _ in range(MEAN_SHIFTS):
            near_x = _gaussian(x - centre[0], SHIFT_WIDTH * across)
            near_y = _gaussian(y - centre[1], SHIFT_WIDTH * down)
            near = saliency * near_y[:, None] * near_x
            centre = spatial.expected_place(near / near.sum(), size)
        return centre


def _gaussian(distance: Float[Array, "*shape"], deviation: float) -> Float[Array, "*shape"]:
    return jnp.exp(-0.5 * jnp.square(distance / deviation))
