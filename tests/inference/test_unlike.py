"""Scenes say whether their image is unlike those of training, where the weights say how."""

import json
import pickle
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.inference import Model, load
from airscene.inference.infer import infer
from airscene.inference.measures import calibrate, infer_measured
from airscene.model.unlike import NUMBERS
from airscene.model.weights import save_weights


@pytest.fixture(scope="module")
def air(tiny):
    """A model that believes in one or two objects."""
    air = tiny(seed=3)
    bias = air.where.head.bias.at[0].set(1.0)
    return eqx.tree_at(lambda m: m.where.head.bias, air, bias)


@pytest.fixture(scope="module")
def images():
    """Bright squares of 5 pixels on black, where only the place differs."""
    rng = np.random.default_rng(0)
    images = np.zeros((400, 12, 12), np.float32)
    for image, (y, x) in zip(images, rng.integers(0, 8, (400, 2)), strict=True):
        image[y : y + 5, x : x + 5] = rng.uniform(0.8, 1.0)
    return images


@pytest.fixture(scope="module")
def model(air, images):
    prepared = images[:, None]
    return Model(air, "tiny", calibrate(air, prepared[:200], prepared[200:]))


def number(air, image, name):
    return float(infer_measured(air, jnp.asarray(image[None]))[1][NUMBERS.index(name)])


def test_measuring_changes_nothing_that_is_inferred(air, images):
    for image in images[:3, None]:
        ours, _ = infer_measured(air, jnp.asarray(image))
        for a, b in zip(ours, infer(air, jnp.asarray(image)), strict=True):
            np.testing.assert_array_equal(a, b)


def test_numbers_of_an_image(air, images):
    image = images[0]
    rng = np.random.default_rng(1)
    noisy = np.clip(image + rng.normal(0.0, 0.1, image.shape), 0.0, 1.0).astype(np.float32)
    assert number(air, image, "ground") == number(air, image, "noise") == 0.0
    assert number(air, image + 0.25, "ground") == pytest.approx(0.25, abs=1e-3)
    assert number(air, noisy, "noise") > 0.005
    assert number(air, 0.5 * image, "bright") == pytest.approx(
        number(air, image, "bright") - np.log(2.0), abs=1e-3
    )
    assert np.isnan(number(air, 0.0 * image, "texture"))
    assert number(air, 0.0 * image, "unseen ink") == pytest.approx(0.0) or np.isnan(
        number(air, 0.0 * image, "unseen ink")
    )


def test_numbers_of_a_scene(air, images):
    inferred, found = infer_measured(air, jnp.asarray(images[0][None]))
    found = dict(zip(NUMBERS, np.asarray(found).tolist(), strict=True))
    count = int(np.argmax(inferred.log_q))
    assert found["count"] == count > 0
    x0, y0, x1, y1 = np.asarray(inferred.boxes)[:count].T
    sides = np.log(np.maximum(x1 - x0, y1 - y0))
    assert found["smallest"] == pytest.approx(sides.min(), abs=1e-5)
    assert found["largest"] == pytest.approx(sides.max(), abs=1e-5)
    scales = np.asarray(inferred.z_where)[:count, 0]
    assert found["smallest window"] == pytest.approx(scales.min(), abs=1e-5)
    probs = np.exp(np.asarray(inferred.log_q, float))
    entropy = -(probs * np.log(np.maximum(probs, 1e-30))).sum()
    assert found["entropy"] == pytest.approx(entropy, abs=1e-4)
    assert found["largest kl"] >= found["kl"] > 0.0


def test_scenes_say_how_unlike_their_image_is(model, images):
    like = model.infer(images[:50])
    assert np.mean([scene.unlike.flag for scene in like]) < 0.2
    (grey,) = model.infer(images[0] + 0.1 * (images[0] < 0.1))
    assert grey.unlike.flag and "ground is brighter" in grey.unlike.reason
    assert grey.unlike.score > max(scene.unlike.score for scene in like[:10])


def test_the_scenes_are_the_same_with_and_without(air, model, images):
    ours, plain = model.infer(images[:5]), Model(air, "tiny").infer(images[:5])
    assert all(scene.unlike is None for scene in plain)
    without = [replace(scene, unlike=None) for scene in ours]
    assert [str(s.to_json()) for s in without] == [str(s.to_json()) for s in plain]


def test_draws_are_of_the_same_image(model, images):
    means, draws = model.infer(images[:3]), model.infer(images[:3], samples=2)
    assert [scene.unlike for scene in draws] == [m.unlike for m in means for _ in range(2)]


def test_other_models_of_it_say_it_too(model, images):
    again = pickle.loads(pickle.dumps(model))
    assert again.typical == model.typical
    assert model.with_steps(2).typical == model.typical


def test_weights_say_it_or_do_not(model, images, tmp_path):
    save_weights(model.air, tmp_path / "old.safetensors")
    assert load(tmp_path / "old.safetensors").infer(images[0])[0].unlike is None
    save_weights(model.air, tmp_path / "new.safetensors", unlike=model.typical.to_json())
    (scene,) = load(tmp_path / "new.safetensors").infer(images[0])
    (ours,) = model.infer(images[0])
    assert scene.unlike.score == pytest.approx(ours.unlike.score, rel=1e-3)
    said = {**json.loads(model.typical.to_json()), "threshold": -1}
    save_weights(model.air, tmp_path / "bad.safetensors", unlike=json.dumps(said))
    with pytest.raises(InputError, match="bad.safetensors.*unlike"):
        load(tmp_path / "bad.safetensors")


def test_bundled_weights_of_images_tell_noise_from_scenes():
    from airscene.images import load_digits, multi_mnist

    model = load("multi-mnist")
    scenes = multi_mnist(load_digits("test", "bundled"), 60, seed=3).images / 255.0
    noise = np.clip(np.random.default_rng(0).normal(0.0, 0.1, (8, 50, 50)), 0.0, 1.0)
    inverted = 1.0 - scenes[:8]
    assert sum(scene.unlike.flag for scene in model.infer(scenes)) <= 4
    with pytest.warns(UserWarning, match="darkest"):
        strange = model.infer(np.concatenate([noise, inverted])), model.infer(inverted)
    assert all(scene.unlike.flag for scenes in strange for scene in scenes)
    assert "noise" in strange[0][0].unlike.reason


def test_it_is_of_jax_too(air, images):
    """Compiled for a batch, the numbers are those of one image."""
    batch = jax.vmap(infer_measured, in_axes=(None, 0))(air, jnp.asarray(images[:3, None]))[1]
    one = infer_measured(air, jnp.asarray(images[1][None]))[1]
    np.testing.assert_allclose(batch[1], one, rtol=1e-3, atol=1e-3)
