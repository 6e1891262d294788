"""The inference networks: the paper's recurrent one, one that sees differences, the camera's."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.inverse.config import InverseConfig
from airscene.inverse.proposal import CAMERA_CAP, Proposal, gaussian, propose, tower

# What the networks see of an image and of a difference is scaled to a spread of about 1.
BRIGHT, LEFT = 3.0, 6.0

# How far from the middle the camera's mean can be, in standard deviations of the prior.
CAMERA_REACH = 2.2


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

    Deviation: the rotation has a tower of its own, which sees the image and h_i, as what tells
    rotations apart is fine beside what tells places apart. The paper gives no sizes.

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    look: eqx.nn.MLP
    recur: eqx.nn.Linear
    body: eqx.nn.MLP
    rotation: eqx.nn.MLP
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 4)
        self.config = config
        n, k = config.n_hidden, config.n_types
        pixels = config.image_shape[0] * config.image_shape[1] * config.image_shape[2]
        self.look = eqx.nn.MLP(pixels, n, n, 1, key=keys[0])
        self.recur = eqx.nn.Linear(2 * n + 4 + k + config.n_cameras, n, key=keys[1])
        self.body = tower(n, 5 + k, n, key=keys[2])
        self.rotation = tower(pixels + n, 2, n, key=keys[3])

    def __call__(
        self,
        image: Float[Array, "3 height width"],
        canvas: Float[Array, "seen height width"],
        carry: Carry,
        z_camera: Float[Array, " cameras"],
    ) -> tuple[Proposal, Float[Array, " hidden"]]:
        """Propose one object.

        Args:
            image: Values in [0, 1].
            canvas: Not looked at.
            carry: From the step before.
            z_camera: The camera that was drawn.

        Returns:
            The proposal and h_i.
        """
        pixels = BRIGHT * (image.ravel() - 0.5)
        seen = jax.nn.relu(self.look(pixels))
        h = jnp.tanh(self.recur(jnp.concatenate([seen, *carry, z_camera])))
        return propose(self.body(h), self.rotation(jnp.concatenate([pixels, h])), self.config), h


class DifferenceNetwork(eqx.Module):
    """omega_i = R(x, x - y_i-1), y_i-1 the render of the first i - 1 objects.

    The paper's DAIR (appendix D) carried to 3-D, not in the paper: what is not explained yet is
    seen, not remembered, so a step has no state and all steps have the same weights. Unlike DAIR it
    sees the image too, as an opaque object's difference depends on what lies behind it. The
    rotation has a tower of its own, which is told what the other proposes.

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    body: eqx.nn.MLP
    rotation: eqx.nn.MLP
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key)
        self.config = config
        n_in = 2 * config.image_shape[0] * config.image_shape[1] * config.image_shape[2]
        n_in, n_out = n_in + config.n_cameras, 5 + config.n_types
        self.body = tower(n_in, n_out, config.n_hidden, key=keys[0])
        self.rotation = tower(n_in + n_out, 2, config.n_hidden, key=keys[1])

    def __call__(
        self,
        image: Float[Array, "3 height width"],
        canvas: Float[Array, "3 height width"],
        carry: Carry,
        z_camera: Float[Array, " cameras"],
    ) -> tuple[Proposal, Float[Array, " hidden"]]:
        """Propose one object.

        Args:
            image: Values in [0, 1].
            canvas: The render of the objects so far, seen from the camera that was drawn.
            carry: Not looked at.
            z_camera: The camera that was drawn.

        Returns:
            The proposal and no state.
        """
        shown = (BRIGHT * (image.ravel() - 0.5), LEFT * (image - canvas).ravel(), z_camera)
        inputs = jnp.concatenate(shown)
        body = self.body(inputs)
        # Its gradient stops, so that the rotation does not pull at what and where.
        told = jnp.concatenate([inputs, jax.lax.stop_gradient(body)])
        return propose(body, self.rotation(told), self.config), carry.hidden


class CameraNetwork(eqx.Module):
    """omega_camera = F(x), a separate network (appendix I.4).

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    tower: eqx.nn.MLP
    config: InverseConfig = eqx.field(static=True)

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        self.config = config
        pixels = config.image_shape[0] * config.image_shape[1] * config.image_shape[2]
        self.tower = tower(pixels, 2 * config.n_cameras, config.n_hidden, key=key)

    def __call__(
        self, image: Float[Array, "3 height width"]
    ) -> tuple[Float[Array, " cameras"], Float[Array, " cameras"]]:
        """Return the mean and the standard deviation of q(z_camera)."""
        outputs = self.tower(BRIGHT * (image.ravel() - 0.5)).reshape(2, -1)
        cap = jnp.full(self.config.n_cameras, CAMERA_CAP / self.config.camera_spread)
        return gaussian(outputs, jnp.full(self.config.n_cameras, CAMERA_REACH), cap)
