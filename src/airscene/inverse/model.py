"""Inverse graphics: the networks together, and one scene's latents replayed through them."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from airscene.inverse.config import InverseConfig
from airscene.inverse.networks.networks import (
    CameraNetwork,
    Carry,
    DifferenceNetwork,
    Proposal,
    RecurrentNetwork,
    first_carry,
)
from airscene.inverse.shapes import Camera, Canvases, Kinds, Picture, Poses, Present, Slots, Table
from airscene.model.shapes import Scalar
from airscene.model.stored import StoredModule
from airscene.model.unrolled import kl_from_prior, log_ratio


class Drawn(NamedTuple):
    """What was drawn for one scene: the continuous latents by their noise.

    Args:
        present: Whether each slot has an object.
        kind: Type of each slot's object, drawn whether it is present or not.
        normal: Standard normal numbers: z_where = mean + scale normal.
        camera_normal: The camera's.
    """

    present: Present
    kind: Kinds
    normal: Poses
    camera_normal: Camera

    @property
    def alternatives(self) -> Kinds:
        """The alternative of each slot: 0 where absent, or else 1 + type."""
        return jnp.where(self.present, 1 + self.kind, 0)


class Replay(NamedTuple):
    """What a scene's latents are and cost, as functions of the networks' weights.

    Args:
        log_q: Log-probabilities of each slot's alternatives, given what was drawn before.
        kl: KL of each slot's z_where from its prior, in nats.
        log_ratio: log p(z_where) - log q(z_where) of each slot.
        z_where: Standardised poses.
        z_camera: Standardised camera.
        kl_camera: Its KL, in nats.
        log_ratio_camera: log p(z_camera) - log q(z_camera).
    """

    log_q: Table
    kl: Slots
    log_ratio: Slots
    z_where: Poses
    z_camera: Camera
    kl_camera: Scalar
    log_ratio_camera: Scalar


class InverseAIR(StoredModule):
    """The networks of inverse graphics; the generative model is a renderer, and has no weights."""

    network: RecurrentNetwork | DifferenceNetwork
    camera: CameraNetwork | None
    config: InverseConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-inverseair-1"

    def __init__(self, config: InverseConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key)
        self.config = config
        kind = RecurrentNetwork if config.network == "recurrent" else DifferenceNetwork
        self.network = kind(config, key=keys[0])
        self.camera = CameraNetwork(config, key=keys[1]) if config.n_cameras else None

    def see_camera(self, image: Picture) -> tuple[Camera, Camera]:
        """Return the mean and the standard deviation of q(z_camera); of no numbers if fixed."""
        return self.camera(image) if self.camera else (jnp.zeros(0), jnp.zeros(0))

    def replay(self, image: Picture, canvases: Canvases, drawn: Drawn) -> Replay:
        """Run all steps again on an image's drawn latents."""
        mean, scale = self.see_camera(image)
        z_camera = mean + scale * drawn.camera_normal
        carry, steps = first_carry(self.config), []
        for i in range(self.config.n_slots):
            proposal, hidden = self.network(image, canvases[i], carry, z_camera)
            z_where = proposal.mean + proposal.scale * drawn.normal[i]
            carry = Carry(hidden, latents(drawn.present[i], drawn.kind[i], z_where, self.config))
            q = proposal.mean, proposal.scale
            steps.append((proposal.log_q, kl_from_prior(*q), log_ratio(*q, z_where), z_where))
        log_q, kl, ratio, z_where = (jnp.stack(column) for column in zip(*steps, strict=True))
        of_camera = kl_from_prior(mean, scale), log_ratio(mean, scale, z_camera)
        return Replay(log_q, kl, ratio, z_where, z_camera, *of_camera)


def latents(
    present: Bool[Array, ""],
    kind: Int[Array, ""],
    z_where: Float[Array, " 3"],
    config: InverseConfig,
) -> Float[Array, " latents"]:
    """One slot's latents as numbers: presence, the type as one of K, z_where; 0 if absent."""
    what = jax.nn.one_hot(kind, config.n_types)
    return jnp.concatenate([jnp.ones(1), what, z_where]) * present


def draw_step(
    proposal: Proposal, normal: Float[Array, " 3"], uniform: Scalar, gumbel: Float[Array, " types"]
) -> tuple[Bool[Array, ""], Int[Array, ""], Float[Array, " 3"]]:
    """Draw one slot: presence, the type given presence, z_where."""
    present = jnp.log(uniform) >= proposal.log_q[0]
    kind = jnp.argmax(proposal.log_q[1:] + gumbel)
    return present, kind, proposal.mean + proposal.scale * normal
