"""What a training step raises: the bound's value, with the gradient of an estimator."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from airscene.inverse.config import Estimator
from airscene.inverse.latents import log_prior
from airscene.inverse.model import Drawn, InverseAIR
from airscene.inverse.objective import estimators
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.shapes import Canvases, Numbers, Picture, Total
from airscene.objective.baseline import UNIT
from airscene.objective.bounds import only_gradient


class Annealed(NamedTuple):
    """Annealing terms that change the objective early in a run.

    Args:
        floor: Least weight of the pose terms, see `path_wise`.
        cross_entropy: Weight of `local_cross_entropy`, in place of `enumerated` while above 0.
        whole: 0 while the score of step i is that with the later steps absent, then 1.
    """

    floor: Total | float = 0.0
    cross_entropy: Total | float = 0.0
    whole: Total | float = 1.0


def surrogate(
    model: InverseAIR,
    image: Picture,
    canvases: Canvases,
    drawn: Drawn,
    scores: estimators.Scores,
    estimator: Estimator,
    annealed: Annealed = Annealed(),  # noqa: B008
    baseline: Baseline | None = None,
) -> Total:
    """One-sample estimate of one scene's bound.

    Args:
        model: The model.
        image: What was seen, values in [0, 1].
        canvases: The render before each step.
        drawn: What was drawn.
        scores: What the renderer says of it, without the Gaussian's normaliser; the table is not
            used by the score function.
        estimator: Of the gradient in the discrete latents.
        annealed: The annealing; without it the gradient is the bound's.
        baseline: Trained by the gradient of its squared error; zero if not given.

    Returns:
        The bound at the sample, in nats, without the Gaussian's normaliser. Its gradient is the
        estimator, and in the weights of the baseline the descent on its squared error.
    """
    replay = model.replay(image, canvases, drawn)
    prior, chosen = log_prior(model.config), drawn.alternatives
    value = scores.total + estimators.terms(replay, chosen, prior).sum() - replay.kl_camera
    scores = jax.lax.stop_gradient(scores)
    raised = estimators.path_wise(replay, scores, annealed.floor)
    if estimator == "enumerated":
        exact = estimators.enumerated(replay, scores.table, prior).sum()
        cross = estimators.local_cross_entropy(replay, scores.table, prior).sum()
        cross = annealed.cross_entropy * cross
        raised += jnp.where(annealed.cross_entropy > 0.0, cross, exact)
        signal, weight = estimators.following(replay, chosen, scores, prior), annealed.whole
    else:
        signal, weight = estimators.signals(replay, chosen, scores.total, prior), 1.0
    signal = jax.lax.stop_gradient(signal)
    expected = jnp.zeros_like(signal)
    if baseline is not None:
        expected = baseline(image, canvases, drawn, replay)
        raised -= jnp.sum(jnp.square((signal - expected) / UNIT))
    raised += weight * estimators.score_function(replay, chosen, signal, expected)
    return jax.lax.stop_gradient(value) + only_gradient(raised)


@eqx.filter_jit
def log_weights(
    model: InverseAIR,
    images: Float[Numbers, "n height width 3"],
    canvases: Float[Numbers, "n slots height width seen"],
    drawn: Drawn,
    log_likelihoods: Float[Numbers, " n"],
) -> Float[Numbers, " n"]:
    """Log p(x, z) - log q(z | x) of draws z from the posterior, in nats.

        log p(x | z) + sum_i [log p(a_i) - log q(a_i) + 1(a_i present) log p(z_i) / q(z_i)]
                     + log p(z_camera) / q(z_camera)

    with a_i the alternative of slot i, absent or a type, and log p(x | z) from the renderer. Its
    exponential has mean p(x), so the log of the mean over draws is, in expectation, a lower bound
    on log p(x).
    """
    prior = log_prior(model.config)

    def one(image, canvases, drawn, log_likelihood):
        replay = model.replay(image, canvases, drawn)
        discrete = estimators.of_drawn(prior - replay.log_q, drawn.alternatives)
        slots = discrete + drawn.present * replay.log_ratio
        return log_likelihood + slots.sum() + replay.log_ratio_camera

    return jax.vmap(one)(images, canvases, drawn, log_likelihoods)
