"""Importance weights: what one draw of a scene's latents says of log p(x)."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from airscene.inverse.latents import log_prior
from airscene.inverse.model import Drawn, InverseAIR
from airscene.inverse.objective.estimators import of_drawn


@eqx.filter_jit
def log_weights(
    model: InverseAIR,
    images: Float[Array, "n height width 3"],
    canvases: Float[Array, "n slots height width seen"],
    drawn: Drawn,
    log_likelihoods: Float[Array, " n"],
) -> Float[Array, " n"]:
    """Log p(x, z) - log q(z | x) of draws z from the posterior, in nats.

        log p(x | z) + sum_i [log p(a_i) - log q(a_i) + 1(a_i present) log p(z_i) / q(z_i)]
                     + log p(z_camera) / q(z_camera)

    with a_i the alternative of slot i, absent or a type. exp of it has the mean p(x), so that the
    logarithm of a mean of several is a bound on log p(x) from below.

    Args:
        model: The model.
        images: What was seen, values in [0, 1].
        canvases: The render before each step.
        drawn: What was drawn.
        log_likelihoods: log p(x | z), from the renderer.
    """
    prior = log_prior(model.config)

    def one(image, canvases, drawn, log_likelihood):
        replay = model.replay(image, canvases, drawn)
        discrete = of_drawn(prior - replay.log_q, drawn.present, drawn.kind)
        slots = discrete + drawn.present * replay.log_ratio
        return log_likelihood + slots.sum() + replay.log_ratio_camera

    return jax.vmap(one)(images, canvases, drawn, log_likelihoods)
