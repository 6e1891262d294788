"""The inference networks, the paper's recurrent one and others, and what a step proposes."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.inverse.config import InverseConfig
from airscene.inverse.networks.tower import Tower, near_zero
from airscene.inverse.shapes import Alternatives, Camera, Canvas, Picture

# What the networks see of an image and of a difference is scaled to a spread of about 1.
BRIGHT, LEFT = 3.0, 6.0

# How far from 0 the mean of x and y can be, in half-widths of the table: a little beyond what the
# scenes have, so that every pose changes the image. The mean rotation has no bounds: under a wide
# blur next to nothing but its prior holds it, and at a bound it would stay.
POSITION_REACH = 1.2

# The largest spreads: a rotation that is drawn from all round has a gradient of mean 0.
POSITION_CAP, ROTATION_CAP, CAMERA_CAP = 0.3, 0.3, 0.2

# The logit of the share of its cap that a spread has at first.
NARROW = -1.0

# How far from the middle the camera's mean can be, in standard deviations of the prior.
CAMERA_REACH = 2.2


class Proposal(NamedTuple):
    """The posterior of one step.

    Args:
        log_q: Log-probability of the alternatives: absent, then each type.
        mean: Mean of q(z_where).
        scale: Standard deviation of q(z_where).
    """

    log_q: Alternatives
    mean: Float[Array, " 3"]
    scale: Float[Array, " 3"]


class Carry(NamedTuple):
    """What the recurrent network carries from step to step: zeros before the first.

    Args:
        hidden: Its units.
        latents: Presence, the type as one of K, and z_where of the step before; 0 if absent.
    """

    hidden: Float[Array, " hidden"]
    latents: Float[Array, " latents"]


def first_carry(config: InverseConfig) -> Carry:
    """The carry before the first step."""
    hidden = config.n_hidden if config.network == "recurrent" else 0
    return Carry(jnp.zeros(hidden), jnp.zeros(4 + config.n_types))


class RecurrentNetwork(eqx.Module):
    """(omega_i, h_i) = R(x, z_i-1, h_i-1), a standard recurrent network (appendix I.4).

        h_i = tanh(A f(x) + B h_i-1 + C z_i-1 + D z_camera)

    Deviations: f is convolutional, and what and the rotation have a tower each that sees the image
    and h_i, for the reason that `DifferenceNetwork` gives. The paper gives no sizes.
    """

    look: Tower
    recur: eqx.nn.Linear
    where: eqx.nn.MLP
    what: Tower
    rotation: Tower
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 5)
        self.config = config
        n, n_what = config.n_hidden, 1 + config.n_types
        self.look = Tower(3, 0, n, config, key=keys[0])
        self.recur = eqx.nn.Linear(2 * n + 3 + n_what + config.n_cameras, n, key=keys[1])
        self.where = near_zero(eqx.nn.MLP(n, 4, n, 1, key=keys[2]))
        self.what = near_zero(Tower(3, n + 4, n_what, config, key=keys[3]))
        self.rotation = near_zero(Tower(3, n + 4 + n_what, 2, config, key=keys[4]))

    def __call__(
        self, image: Picture, canvas: Canvas, carry: Carry, z_camera: Camera
    ) -> tuple[Proposal, Float[Array, " hidden"]]:
        """Propose one object: return the proposal and h_i. The canvas is not looked at."""
        bright = BRIGHT * (image - 0.5)
        seen = jax.nn.relu(self.look(bright, jnp.zeros(0)))
        h = jnp.tanh(self.recur(jnp.concatenate([seen, *carry, z_camera])))
        return _propose(self, self.where(h), bright, h), h


class DifferenceNetwork(eqx.Module):
    """omega_i = R(x, x - y_i-1), y_i-1 the render of the first i - 1 objects.

    The paper's DAIR (appendix D) carried to 3-D, not in the paper: what is not explained yet is
    seen, not remembered, so a step has no state and all steps have the same weights. Unlike DAIR it
    sees the image too, as an opaque object's difference depends on what lies behind it.

    Where, what and the rotation have a tower each, as their gradients differ in size: in shared
    layers the largest would decide alone what is learnt. Each is told what the ones before it
    propose, so that all speak of the same object; the gradient stops there, so that none pulls at
    another.
    """

    where: Tower
    what: Tower
    rotation: Tower
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        self.config = config
        n_told, n_what = config.n_cameras, 1 + config.n_types
        self.where = near_zero(Tower(6, n_told, 4, config, key=keys[0]))
        self.what = near_zero(Tower(6, n_told + 4, n_what, config, key=keys[1]))
        self.rotation = near_zero(Tower(6, n_told + 4 + n_what, 2, config, key=keys[2]))

    def __call__(
        self, image: Picture, canvas: Picture, carry: Carry, z_camera: Camera
    ) -> tuple[Proposal, Float[Array, " hidden"]]:
        """Propose one object: return the proposal and no state.

        The canvas is the render of the objects so far, seen from the camera that was drawn.
        """
        picture = jnp.concatenate([BRIGHT * (image - 0.5), LEFT * (image - canvas)], axis=-1)
        return _propose(self, self.where(picture, z_camera), picture, z_camera), carry.hidden


def _propose(
    network: RecurrentNetwork | DifferenceNetwork,
    where: Float[Array, " 4"],
    picture: Float[Array, "height width channels"],
    told: Float[Array, " numbers"],
) -> Proposal:
    """Say where, then what and then the rotation, each told what was said before it."""
    told = jnp.concatenate([told, jax.lax.stop_gradient(where)])
    what = network.what(picture, told)
    told = jnp.concatenate([told, jax.lax.stop_gradient(what)])
    return propose(where, what, network.rotation(picture, told), network.config)


class CameraNetwork(eqx.Module):
    """omega_camera = F(x), a separate network (appendix I.4)."""

    tower: Tower
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        self.config = config
        self.tower = near_zero(Tower(3, 0, 2 * config.n_cameras, config, key=key))

    def __call__(self, image: Picture) -> tuple[Camera, Camera]:
        """Return the mean and the standard deviation of q(z_camera)."""
        outputs = self.tower(BRIGHT * (image - 0.5), jnp.zeros(0)).reshape(2, -1)
        cap = jnp.full(self.config.n_cameras, CAMERA_CAP / self.config.camera_spread)
        return gaussian(outputs, jnp.full(self.config.n_cameras, CAMERA_REACH), cap)


def gaussian(
    outputs: Float[Array, "2 numbers"],
    reach: Float[Array, " numbers"],
    cap: Float[Array, " numbers"],
) -> tuple[Float[Array, " numbers"], Float[Array, " numbers"]]:
    """Mean reach tanh(m), or m where that is infinite, and standard deviation cap sigmoid(s)."""
    free = jnp.isinf(reach)
    mean = jnp.where(free, outputs[0], jnp.where(free, 1.0, reach) * jnp.tanh(outputs[0]))
    return mean, cap * jax.nn.sigmoid(outputs[1] + NARROW)


def propose(
    where: Float[Array, " 4"],
    what: Alternatives,
    rotation: Float[Array, " 2"],
    config: InverseConfig,
) -> Proposal:
    """Read the last layers of the three towers.

    Args:
        where: Means of x and y, then their spreads.
        what: Logit of presence, then logits of the types.
        rotation: Mean and spread of the rotation: an angle as it is, not a point of the circle.
        config: The spreads of the prior.
    """
    there = jax.nn.log_sigmoid(what[0]) + jax.nn.log_softmax(what[1:])
    log_q = jnp.concatenate([jax.nn.log_sigmoid(-what[:1]), there])
    spread = jnp.array([config.position_spread] * 2 + [config.rotation_spread])
    reach = jnp.array([POSITION_REACH, POSITION_REACH, jnp.inf])
    cap = jnp.array([POSITION_CAP, POSITION_CAP, ROTATION_CAP])
    outputs = jnp.concatenate([where.reshape(2, 2), rotation[:, None]], axis=1)
    return Proposal(log_q, *gaussian(outputs, reach / spread, cap / spread))
