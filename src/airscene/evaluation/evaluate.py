"""A model held against scenes whose truth is known: every number of an evaluation."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32

from airscene.errors import InputError
from airscene.evaluation.metrics.scenes import (
    average_precision,
    count_accuracy,
    count_calibration,
    count_confusion,
    mean_iou,
    sure_and_wrong,
)
from airscene.images.truth import LabelledScenes
from airscene.inference.model import Model
from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.steps import best_side

# log p(x) takes many posterior samples an image, so it is estimated on the first scenes only.
LOG_PX_SCENES = 500
PARTICLES = 100


@eqx.filter_jit
def _terms(air: AIR, images: jax.Array | np.ndarray, key: jax.Array) -> dict[str, jax.Array]:
    def one(image, noise):
        run = air.unroll(image, noise, best_side(air, image))
        log_q = count_log_posterior(run.presence_logits)
        q, kl = jnp.exp(log_q), jnp.pad(jnp.cumsum(run.kl), (1, 0))
        return {
            "log_likelihood": q @ run.log_likelihoods,
            "kl_objects": q @ kl,
            "kl_count": q @ (log_q - air.log_prior()),
        }

    noise = jax.random.normal(key, (len(images), air.config.n_steps, air.n_noise))
    return jax.vmap(one)(images, noise)


def bound_terms(
    model: Model, prepared: Float32[np.ndarray, "n channel height width"], seed: int = 0
) -> dict[str, Float[np.ndarray, "n"]]:
    """The evidence lower bound of each image and its terms, in nats.

    Args:
        model: The model.
        prepared: Images from `Model.prepare`.
        seed: Decides the posterior samples, one an image.

    Returns:
        `elbo` = `log_likelihood` - `kl_objects` - `kl_count`, each for every image.
    """
    terms = _by_chunks(_terms, model, prepared, seed)
    elbo = terms["log_likelihood"] - terms["kl_objects"] - terms["kl_count"]
    return {"elbo": elbo, **terms}


def count_bounds(
    model: Model, prepared: Float32[np.ndarray, "n channel height width"], seed: int = 0
) -> Float[np.ndarray, "n counts"]:
    """The bound of each image for each count alone, in nats, by one posterior sample of all steps.

        log p(x | z_1..n) - sum_{i<=n} KL_i + log p(n),   n = 0..N

    The logarithm of the sum of their exponentials is the bound of the best q(n) given the objects.

    Args:
        model: The model.
        prepared: Images from `Model.prepare`.
        seed: Decides the posterior samples, one an image.
    """
    return _by_chunks(_scores, model, prepared, seed)


def _by_chunks(
    measure: Callable[..., Any],
    model: Model,
    prepared: Float32[np.ndarray, "n channel height width"],
    seed: int,
) -> Any:
    """What a function of a model, images and a key says of many images."""
    chunk = min(500, len(prepared))
    parts = [
        measure(model.air, prepared[i : i + chunk], jax.random.fold_in(jax.random.key(seed), i))
        for i in range(0, len(prepared), chunk)
    ]
    return jax.tree.map(lambda *chunks: np.concatenate(chunks).astype(float), *parts)


@eqx.filter_jit
def _scores(air, images, key):
    def one(image, noise):
        run = air.unroll(image, noise, best_side(air, image))
        return run.log_likelihoods - jnp.pad(jnp.cumsum(run.kl), (1, 0)) + air.log_prior()

    noise = jax.random.normal(key, (len(images), air.config.n_steps, air.n_noise))
    return jax.vmap(one)(images, noise)


def evaluate(model: Model, truth: LabelledScenes) -> dict[str, Any]:
    """Every measure of a model on scenes of its size, with known truth.

    Returns:
        Numbers, ready for JSON. `elbo` and its terms are means over all scenes, one posterior
        sample each. `log_px` is `elbo` plus `log_px_gap`, by how much the importance-weighted bound
        with `PARTICLES` samples exceeds it on the first scenes: the mean over all scenes, with far
        less sampling error than that of the first scenes alone.

    Raises:
        InputError: If the scenes are not of the model's size, or in colour and the model grey, or
            the reverse.
    """
    check_channels(model, truth)
    scenes = model.infer(truth.images)
    _, prepared = model.prepare(truth.images)
    probs = np.stack([scene.count_probs for scene in scenes])
    overlap = mean_iou(scenes, truth)
    terms = bound_terms(model, prepared)
    few = truth.images[:LOG_PX_SCENES]
    gap = model.log_likelihood(few, PARTICLES) - terms["elbo"][: len(few)]
    return {
        "data": truth.source,
        "scenes": len(truth),
        "count_accuracy": count_accuracy(probs, truth.counts),
        "count_confusion": count_confusion(probs, truth.counts).tolist(),
        "calibration_error": count_calibration(probs, truth.counts).error,
        "sure_and_wrong": sure_and_wrong(probs, truth.counts),
        "average_precision": average_precision(scenes, truth),
        "mean_iou": overlap.over_all,
        "mean_iou_matched": overlap.over_matched,
        **{name: float(values.mean()) for name, values in terms.items()},
        "elbo_standard_error": _standard_error(terms["elbo"]),
        "log_px": float(terms["elbo"].mean() + gap.mean()),
        "log_px_gap": float(gap.mean()),
        "log_px_gap_standard_error": _standard_error(gap),
        "log_px_scenes": len(few),
        "log_px_particles": PARTICLES,
    }


def check_channels(model: Model, truth: LabelledScenes) -> None:
    """Refuse to evaluate a model of grey images on scenes in colour, or the reverse.

    A model can infer from images that were made grey or coloured for it, but numbers of them would
    be neither of the data set nor of what the model was made for.

    Raises:
        InputError: If the scenes are of another kind than the model's.
    """
    takes = "colour" if model.air.config.image_shape[0] == 3 else "grey"
    given = "colour" if truth.images.ndim == 4 else "grey"
    if takes != given:
        raise InputError(
            f"{model.name} takes {takes} images, and the scenes are {given}: {truth.source}; "
            f"evaluate it on scenes in {takes}"
        )


def _standard_error(values: np.ndarray) -> float:
    return float(values.std() / np.sqrt(len(values)))
