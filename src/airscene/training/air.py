"""Training AIR: the bound on log p(x) that it raises, annealed over the first part of a run."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from airscene.model.air import AIR
from airscene.model.ground import less_ground
from airscene.objective.baseline import Baseline, WithBaseline, apart, with_baseline
from airscene.objective.bounds import enumerated, importance_weighted, score_function
from airscene.training.augment import augment
from airscene.training.config import TrainConfig
from airscene.training.loop import train
from airscene.training.state import Objective

Images = UInt8[np.ndarray, "n channel height width"]


def train_air(model: AIR, images: Images, config: TrainConfig, **options: Any) -> AIR:
    """Train AIR on its annealed bound, by the configuration's estimator.

    The images are the data set, 0 black to 255 white; for the rest see `train` and `train_by` of
    `airscene.training.loop`.
    """
    trained = model
    if config.estimator == "score-baseline":
        kind = partial(Baseline, purely_neural=config.purely_neural)
        trained = with_baseline(model, kind, config.seed)
    objective = annealed_bound(model, config, images)
    return train(trained, (images,), config, objective, **options)


def annealed_bound(model: AIR, config: TrainConfig, images: Images) -> Objective:
    """Return the objective of a run: the mean bound of a batch.

    The annealing of the first part of a run changes the objective, not the model: an object costs
    more than the prior says, and the prefix term of `expectation` is added. Both fall to zero, and
    the last part of a run is ascent on the bound. They are the same for every estimator.

    Args:
        model: The model; its weights are not used. The objective is of such a model, or of a
            `WithBaseline` for the estimator "score-baseline".
        config: How to train.
        images: The data set, 0 black to 255 white: its mean energy scales the count penalty.
    """
    log_prior = model.log_prior()
    counts = jnp.arange(len(log_prior))
    penalty = config.count_penalty * mean_energy(images[:2000], model.config.sigma)
    noise_shape = (config.batch_size, model.config.n_steps, model.n_noise)
    if config.estimator == "importance":
        noise_shape = (noise_shape[0], config.samples, *noise_shape[1:])

    def left(release, step):
        start, end = (fraction * config.steps for fraction in release)
        return jnp.clip((end - step) / (end - start), 0.0, 1.0)

    def seen(images, key):
        # Not even a random number is drawn where nothing is changed: runs stay what they were.
        if config.augment:
            keys = jax.random.split(jax.random.fold_in(key, 3), len(images))
            images = jax.vmap(lambda x, one: augment(x, config.augment, one))(images, keys)
        return jax.vmap(less_ground)(images) if model.config.subtract_ground else images

    def objective(trained: AIR | WithBaseline[AIR, Baseline], batch, key, step):
        images = seen(batch[0], key)
        noise = jax.random.normal(key, noise_shape)
        extra = penalty * left(config.count_penalty_release, step)
        prior = jax.nn.log_softmax(log_prior - extra * counts)
        prefix = config.prefix * left(config.prefix_release, step)
        model, baseline = apart(trained)

        def bound(image, noise, uniform, side):
            if config.estimator == "enumerated":
                return enumerated(model, image, noise, prior, prefix, side, config.sampled_kl)
            if config.estimator == "importance":
                return importance_weighted(model, image, noise, prior, prefix, side)
            ways = config.sampled_kl, config.whole_signal
            return score_function(
                model, image, noise, uniform, prior, prefix, baseline, side, *ways
            )

        # Compiled away where the estimator does not use them.
        uniform = jax.random.uniform(jax.random.fold_in(key, 1), (len(images), len(counts) - 1))
        turn = jax.random.uniform(jax.random.fold_in(key, 2), (len(images),))
        if model.where.n_sides == 1:
            turn = jnp.zeros_like(turn)
        return jax.vmap(bound)(images, noise, uniform, 2.0 * jnp.pi * turn).mean()

    return objective


def mean_energy(images: UInt8[np.ndarray, "n *shape"], sigma: float) -> float:
    """Mean of sum x^2 / (2 sigma^2) over the images that are not empty, in nats.

    What explaining an image perfectly gains over leaving it unexplained: the scale that tells
    whether the cost of an object is high or low, whatever the size of image and objects.
    """
    # In NumPy, as compiling a dozen small operations would take a second.
    squares = np.square(images.astype(np.float32) / 255.0).reshape(len(images), -1).sum(axis=1)
    return float(squares.sum() / max((squares > 0.0).sum(), 1)) / (2.0 * sigma**2)
