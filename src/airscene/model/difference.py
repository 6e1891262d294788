"""The difference network (DAIR): it proposes an object from the canvas error alone."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model import attention, posterior
from airscene.model.pose import Pose
from airscene.model.posterior import Proposal

# How steeply attention prefers errors on one side of the image, in nats a half-width, and to what
# power it takes them: enough that of several objects it takes one, and that the thin residues of
# objects on the side that it likes do not outweigh an object on the other.
SLOPE, SHARP, ENOUGH = 2.0, 3, 0.5

# The error is smoothed by a Gaussian of this deviation, in windows of a typical object: residues
# of both signs about an object that is drawn cancel, an object that is not drawn stays.
SMOOTH = 0.15

# Attention then moves to the middle of the error around it, so many times, within a Gaussian of
# this deviation, in windows.
SHIFTS, NEAR = 5, 0.25

# A glimpse is this much larger than the window of a typical object. So many are taken, each at the
# place that the one before proposes, no further off than this share of a window.
GLIMPSE, GLIMPSES, REACH = 1.5, 3, 0.25


class DifferencePosterior(eqx.Module):
    """`omega_i = R(x - x_i)`, x_i the canvas of the objects so far (paper, 3.1 and appendix D).

    It has no memory and sees nothing but the error, and of it only what is near: whatever the
    number of objects, those that are drawn have left it, and the next one looks as it would if it
    were the only one. So it can take more steps than it was trained with.

    Attention moves to where the error is large, on the side of the image that it prefers, which
    decides the order of the objects. The side is not the network's own: it is drawn for every scene
    in training, and `model.steps` chooses it in inference. A glimpse around that place, through two
    layers, then gives a better place for the next glimpse, and the last one the proposal.

    Deviations. The paper's network sees the whole error and has a hidden state (section 3.1;
    appendix D does without). And no gradient flows through attention, through the error or
    through where a glimpse is taken: the places of the windows learn through the offsets that
    the glimpses propose, each step for its own. With these gradients, training is unstable.

    Args:
        image_shape: Channels, height and width of the images, in pixels.
        n_cells: Side of a glimpse, in samples.
        n_hidden: Units of the layer that proposes.
        n_features: Units of the layer that looks at the glimpse.
        key: Randomness of the initial weights.
    """

    glimpses: tuple["Glimpse", ...]
    preferred: Float[Array, ""]
    image_size: tuple[int, int] = eqx.field(static=True)

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_cells: int,
        n_hidden: int,
        n_features: int,
        *,
        key: PRNGKeyArray,
    ):
        keys = jax.random.split(key, GLIMPSES)
        self.image_size = image_shape[1:]
        sizes = (image_shape[0], n_cells, n_hidden, n_features)
        self.glimpses = tuple(Glimpse(*sizes, key=key) for key in keys)
        # The angle of the preferred side: not learnt, see `AIR.facing`.
        self.preferred = jnp.zeros(())

    def __call__(
        self, error: Float[Array, "channel height width"], pose: Pose, sigma: float
    ) -> Proposal:
        """Propose one object.

        Args:
            error: Image less canvas.
            pose: The map from `z_where` to scale and centre.
            sigma: Standard deviation of a pixel given the canvas.

        Returns:
            What is proposed.
        """
        error = jax.lax.stop_gradient(error)
        centre = jax.lax.stop_gradient(self.attend(error / sigma, pose))
        for glimpse in self.glimpses:
            outputs = glimpse(error, jax.lax.stop_gradient(centre), pose)
            reach = 2.0 * REACH * pose.object_size / pose.position_spread
            proposal = posterior.propose(outputs, centre, pose, reach)
            centre = proposal.where_mean[1:] * pose.position_spread
        return proposal

    def attend(self, error: Float[Array, "channel height width"], pose: Pose) -> Float[Array, " 2"]:
        """Choose where to look.

        Args:
            error: Image less canvas, in units of sigma.
            pose: The map from `z_where` to scale and centre.

        Returns:
            The place (x, y), in [-1, 1] across the image.
        """
        x, y = posterior.places(self.image_size)
        height, width = self.image_size
        # A typical window, in half-widths and half-heights of the image.
        side = 2.0 * pose.object_size * min(height, width)
        across, down = side / width, side / height

        blur_x = _gaussian(x[:, None] - x, SMOOTH * across)
        blur_y = _gaussian(y[:, None] - y, SMOOTH * down)
        smooth = (
            blur_y @ posterior.pool(error) @ blur_x / (blur_x.sum(0).max() * blur_y.sum(0).max())
        )
        # Objects only add to the canvas, so they can mend no error below zero.
        ink = jnp.square(jax.nn.relu(smooth)).mean(axis=0)
        there = ink / (ink + ENOUGH) + posterior.attention_floor(pose.object_size)
        preference_logits = posterior.slope(self.preferred, self.image_size, SLOPE)
        row, column = jnp.unravel_index(
            jnp.argmax(SHARP * jnp.log(there) + preference_logits), there.shape
        )
        centre = jnp.stack([x[column], y[row]])
        for _ in range(SHIFTS):
            near_x = _gaussian(x - centre[0], NEAR * across)
            near_y = _gaussian(y - centre[1], NEAR * down)
            near = there * near_y[:, None] * near_x
            centre = posterior.middle(near / near.sum(), self.image_size)
        return centre


class Glimpse(eqx.Module):
    """A look at the error around a place.

    Args:
        channels: Channels of the images.
        n_cells: Side of a glimpse, in samples.
        n_hidden: Units of the layer that proposes.
        n_features: Units of the layer that looks at the glimpse.
        key: Randomness of the initial weights.
    """

    look: eqx.nn.Linear
    think: eqx.nn.Linear
    propose: eqx.nn.Linear
    n_cells: int = eqx.field(static=True)

    def __init__(
        self, channels: int, n_cells: int, n_hidden: int, n_features: int, *, key: PRNGKeyArray
    ):
        keys = jax.random.split(key, 3)
        self.look = eqx.nn.Linear(channels * n_cells**2, n_features, key=keys[0])
        self.think = eqx.nn.Linear(n_features, n_hidden, key=keys[1])
        self.propose = posterior.init_head(eqx.nn.Linear(n_hidden, 7, key=keys[2]))
        self.n_cells = n_cells

    def __call__(
        self,
        error: Float[Array, "channel height width"],
        centre: Float[Array, " 2"],
        pose: Pose,
    ) -> Float[Array, " 7"]:
        """Look at the error around a place.

        Args:
            error: Image less canvas.
            centre: The place (x, y), in [-1, 1] across the image.
            pose: The map from `z_where` to scale and centre.

        Returns:
            The outputs, see `posterior.propose`.
        """
        larger = jnp.array([math.log(GLIMPSE) / pose.scale_spread])
        z_where = jnp.concatenate([larger, centre / pose.position_spread])
        seen = attention.read(error, z_where, pose, self.n_cells)
        return self.propose(jnp.tanh(self.think(jax.nn.relu(self.look(seen.ravel())))))


def _gaussian(distance: Float[Array, "*shape"], deviation: float) -> Float[Array, "*shape"]:
    return jnp.exp(-0.5 * jnp.square(distance / deviation))
