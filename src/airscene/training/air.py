"""Training AIR: its annealed bound, and the baseline beside it that is thrown away after."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import UInt8

from airscene.model.air import AIR
from airscene.objective.baseline import Baseline, WithBaseline
from airscene.training.annealing import annealed_bound
from airscene.training.config import TrainConfig
from airscene.training.loop import Evaluate, train


def train_air(
    model: AIR,
    images: UInt8[np.ndarray, "n channel height width"],
    config: TrainConfig,
    *,
    evaluate: Evaluate,
    **options: Any,
) -> AIR:
    """Train AIR on its annealed bound, with the estimator that the configuration names.

    Args:
        model: The model to start from.
        images: The data set, 0 black to 255 white.
        config: How to train.
        evaluate: Called with the model and the step every `evaluate_every` steps.
        options: What else `train` takes: the folder, and how the run is resumed and shown.

    Returns:
        The trained model.

    Raises:
        InputError: If the bound stops being a number, or nothing can be written.
        Interrupted: If SIGINT or SIGTERM came; the state is saved first.
    """
    objective = annealed_bound(model, config, images)
    if config.estimator != "score-baseline":
        return train(model, (images,), config, objective, evaluate=evaluate, **options)
    # Of another key than the model's own weights.
    key = jax.random.fold_in(jax.random.key(config.seed), 1)
    pair = WithBaseline(model, eqx.filter_jit(Baseline)(model.config, key=key))
    pair = train(
        pair,
        (images,),
        config,
        objective,
        evaluate=lambda pair, step: evaluate(pair.model, step),
        **options,
    )
    return pair.model
