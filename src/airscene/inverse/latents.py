"""The prior of inverse graphics, in standardised latents, and the scenes that they stand for."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from airscene.graphics.scenes import SceneBatch
from airscene.inverse.config import InverseConfig
from airscene.inverse.shapes import Alternatives


def log_prior(config: InverseConfig) -> Alternatives:
    """Log-probability of a slot's alternatives: absent, then each type.

        p(absent) = 1 - alpha,   p(type k) = alpha / K

    Presence is independent in each slot, so that the count is Binomial(N, alpha).

    Source: Eslami et al. 2016, appendix I.3.
    """
    there = math.log(config.presence) - math.log(config.n_types)
    return jnp.array([math.log1p(-config.presence), *[there] * config.n_types])


def pose_spread(config: InverseConfig) -> Float[np.ndarray, "3"]:
    """What a unit of z_where is, in half-widths of the table (x and y) and radians (rotation)."""
    position = config.position_spread
    return np.array([position, position, config.rotation_spread])


def to_scenes(
    types: Int[np.ndarray, "n slots"],
    z_where: Float[np.ndarray, "n slots 3"],
    z_camera: Float[np.ndarray, "n cameras"],
    config: InverseConfig,
) -> SceneBatch:
    """The scenes that latents stand for; types are `ABSENT` where there is no object."""
    poses = np.asarray(z_where, np.float64) * pose_spread(config)
    camera = np.asarray(z_camera, np.float64) * config.camera_spread
    return SceneBatch.of(types, poses, camera)
