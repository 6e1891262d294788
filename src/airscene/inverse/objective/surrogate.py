"""What a training step raises: the bound's value, with the gradient of an estimator."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from airscene.inverse.config import Estimator
from airscene.inverse.latents import log_prior
from airscene.inverse.model import Drawn, InverseAIR
from airscene.inverse.objective.baseline import Baseline
from airscene.inverse.objective.estimators import (
    Scores,
    enumerated,
    following,
    local_cross_entropy,
    path_wise,
    score_function,
    signals,
    terms,
)
from airscene.inverse.shapes import Canvases, Picture, Total
from airscene.objective.baseline import UNIT
from airscene.objective.score_function import only_gradient


class Annealed(NamedTuple):
    """What is not ascent on the bound, and falls to nothing during a run.

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
    scores: Scores,
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
    prior = log_prior(model.config)
    present, kind = drawn.present, drawn.kind
    value = scores.total + terms(replay, present, kind, prior).sum() - replay.kl_camera
    scores = jax.lax.stop_gradient(scores)
    raised = path_wise(replay, scores, annealed.floor)
    if estimator == "enumerated":
        exact = enumerated(replay, scores.table, prior).sum()
        cross = annealed.cross_entropy * local_cross_entropy(replay, scores.table, prior).sum()
        raised += jnp.where(annealed.cross_entropy > 0.0, cross, exact)
        signal, weight = following(replay, present, kind, scores, prior), annealed.whole
    else:
        signal, weight = signals(replay, present, kind, scores.total, prior), 1.0
    signal = jax.lax.stop_gradient(signal)
    expected = jnp.zeros_like(signal)
    if baseline is not None:
        expected = baseline(image, canvases, drawn, replay)
        raised -= jnp.sum(jnp.square((signal - expected) / UNIT))
    raised += weight * score_function(replay, present, kind, signal, expected)
    return jax.lax.stop_gradient(value) + only_gradient(raised)
