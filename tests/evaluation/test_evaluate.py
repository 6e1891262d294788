"""An evaluation: the terms of the bound, and every number that it promises."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import airscene.evaluation.evaluate as evaluation
from airscene.errors import InputError
from airscene.evaluation.evaluate import bound_terms, count_bounds, evaluate
from airscene.images.truth import LabelledScenes
from airscene.inference import Model
from airscene.model.counts import count_log_posterior
from airscene.objective.bounds import enumerated


@pytest.fixture(scope="module")
def model(tiny):
    return Model(tiny(seed=4, count_prior="table(1, 2, 3, 4)"), "tiny")


@pytest.fixture(scope="module")
def truth():
    """Nine scenes of up to two bright squares."""
    rng = np.random.default_rng(0)
    images = np.zeros((9, 12, 12), np.uint8)
    counts, boxes = np.arange(9) % 3, np.full((9, 2, 4), np.nan, np.float32)
    for i, count in enumerate(counts):
        for k in range(count):
            x, y = 6 * k + rng.integers(0, 3), rng.integers(0, 9)
            images[i, y : y + 4, x : x + 4] = 200
            boxes[i, k] = x, y, x + 4, y + 4
    labels = np.where(np.isnan(boxes[..., 0]), -1, 0)
    return LabelledScenes(images, counts, labels, boxes, "squares")


@pytest.fixture(scope="module")
def prepared(model, truth):
    return model.prepare(truth.images)[1]


@pytest.fixture(scope="module")
def bounds(model, prepared):
    """The bound of each image, by the objective that training uses."""
    air = model.air
    key = jax.random.fold_in(jax.random.key(3), 0)
    noise = jax.random.normal(key, (len(prepared), 3, air.n_noise))
    each = jax.jit(jax.vmap(lambda x, e: enumerated(air, x, e, air.log_prior())))
    return np.asarray(each(jnp.asarray(prepared), noise), float)


def test_the_terms_add_up_to_the_bound_of_each_image(model, prepared, bounds):
    terms = bound_terms(model, prepared, seed=3)
    rest = terms["log_likelihood"] - terms["kl_objects"] - terms["kl_count"]
    assert terms["elbo"] == pytest.approx(rest, abs=1e-9)
    assert terms["elbo"] == pytest.approx(bounds, abs=1e-3)
    assert (terms["kl_objects"] > 0).all() and (terms["kl_count"] > 0).all()


@pytest.fixture(scope="module")
def result(model, truth):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "PARTICLES", 128)
        patch.setattr(evaluation, "LOG_PX_SCENES", 8)
        return evaluate(model, truth)


def test_the_bounds_of_all_counts_make_the_bound(model, prepared, bounds):
    """Weighed by the network's q(n) they are the bound; by the best q(n), they are no less."""
    each, air = count_bounds(model, prepared, seed=3), model.air
    key = jax.random.fold_in(jax.random.key(3), 0)
    noise = jax.random.normal(key, (len(prepared), 3, air.n_noise))
    log_q = jax.jit(jax.vmap(lambda x, e: count_log_posterior(air.unroll(x, e).presence_logits)))
    log_q = np.asarray(log_q(jnp.asarray(prepared), noise), float)
    weighed = (np.exp(log_q) * (each - log_q)).sum(axis=1)
    assert weighed == pytest.approx(bounds, abs=1e-3)
    assert np.all(np.logaddexp.reduce(each, axis=1) >= bounds - 1e-3)


def test_an_evaluation_is_ready_for_json(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert set(result) == {
        "data",
        "scenes",
        "count_accuracy",
        "count_confusion",
        "calibration_error",
        "sure_and_wrong",
        "average_precision",
        "mean_iou",
        "mean_iou_matched",
        "elbo",
        "elbo_standard_error",
        "log_likelihood",
        "kl_objects",
        "kl_count",
        "log_px",
        "log_px_gap",
        "log_px_gap_standard_error",
        "log_px_scenes",
        "log_px_particles",
    }


def test_what_an_evaluation_says(model, truth, prepared, result):
    counts = model.infer(truth.images).counts
    assert result["data"] == "squares" and result["scenes"] == 9
    assert result["count_accuracy"] == pytest.approx(np.mean(counts == truth.counts))
    confusion = np.array(result["count_confusion"])
    assert confusion.shape == (3, 4)
    assert confusion.sum(axis=1).tolist() == [3, 3, 3]
    assert confusion.sum(axis=0).tolist() == np.bincount(counts, minlength=4).tolist()
    elbos = bound_terms(model, prepared)["elbo"]
    assert result["elbo"] == elbos.mean()
    assert result["elbo_standard_error"] == pytest.approx(elbos.std() / 3)
    assert (result["log_px_scenes"], result["log_px_particles"]) == (8, 128)
    gaps = model.log_likelihood(truth.images[:8], 128) - elbos[:8]
    assert result["log_px_gap"] == pytest.approx(gaps.mean())
    assert result["log_px"] == pytest.approx(elbos.mean() + gaps.mean())
    assert result["log_px_gap"] > -4 * result["log_px_gap_standard_error"]


def test_scenes_of_another_size(model, truth):
    images = np.pad(truth.images, ((0, 0), (0, 1), (0, 0)))
    other = LabelledScenes(images, truth.counts, truth.labels, truth.boxes, "taller")
    with pytest.raises(ValueError, match="12x13 pixels, the model takes 12x12"):
        evaluate(model, other)


def test_colour_is_not_evaluated_by_a_model_of_grey(model, truth, tiny):
    coloured = replace(truth, images=np.stack([truth.images] * 3, axis=-1))
    with pytest.raises(InputError, match="takes grey images, and the scenes are colour: squares"):
        evaluate(model, coloured)
    with pytest.raises(InputError, match="takes colour images, and the scenes are grey"):
        evaluate(Model(tiny(image_shape=(3, 12, 12)), "colours"), truth)
