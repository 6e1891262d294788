"""Scenes say whether their image is unlike those of training, where the weights say how."""

import json
import pickle

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.inference import Model, load
from airscene.inference.applied import Applied
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


def measured(air, images):
    """What is inferred of a few images, and their numbers by name."""
    inferred, found = Applied(infer_measured, air)(jnp.asarray(images[:, None], jnp.float32))
    return inferred, dict(zip(NUMBERS, np.asarray(found).T, strict=True))


def test_measuring_changes_nothing_that_is_inferred(air, images):
    plain = Applied(infer, air)(jnp.asarray(images[:8, None]))
    for a, b in zip(measured(air, images[:8])[0], plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_numbers_of_an_image(air, images):
    image, rng = images[0], np.random.default_rng(1)
    noisy = np.clip(image + rng.normal(0.0, 0.1, image.shape), 0.0, 1.0)
    changed = np.stack([image, 0.75 * image + 0.25, noisy, 0.5 * image, *[0.0 * image] * 4])
    _, found = measured(air, changed)
    plain, grey, rough, faint, black = range(5)
    np.testing.assert_allclose(found["ground"][[plain, grey]], [0.0, 0.25], atol=1e-3)
    assert found["noise"][rough] > 0.005 > found["noise"][plain] == 0.0
    fainter = found["bright"][faint] - found["bright"][plain]
    assert fainter == pytest.approx(-np.log(2.0), abs=1e-3)
    # Texture is a share of what there is.
    assert found["texture"][faint] == pytest.approx(found["texture"][plain], abs=1e-3)
    assert np.isnan([found[name][black] for name in ("texture", "peak", "bright", "stroke")]).all()


def test_numbers_of_a_scene(air, images):
    inferred, found = measured(air, images[:8])
    for i in range(8):
        one = {name: values[i] for name, values in found.items()}
        count = int(np.argmax(inferred.log_q[i]))
        assert one["count"] == count > 0
        x0, y0, x1, y1 = np.asarray(inferred.boxes[i])[:count].T
        sides = np.log(np.maximum(np.maximum(x1 - x0, y1 - y0), 1.0))
        scales = np.asarray(inferred.z_where[i])[:count, 0]
        ends = [sides.min(), sides.max(), scales.min(), scales.max()]
        names = ("smallest", "largest", "smallest window", "largest window")
        np.testing.assert_allclose([one[name] for name in names], ends, rtol=1e-5, atol=1e-5)
        probs = np.exp(np.asarray(inferred.log_q[i], float))
        entropy = -(probs * np.log(np.maximum(probs, 1e-30))).sum()
        assert one["entropy"] == pytest.approx(entropy, abs=1e-3)
        assert one["largest kl"] >= one["kl"] > 0.0


def test_scenes_say_how_unlike_their_image_is(model, images):
    *like, grey = model.infer(np.stack([*images[:7], np.maximum(images[0], 0.09)]))
    assert sum(scene.unlike.flag for scene in like) <= 2
    assert grey.unlike.flag and "ground is brighter" in grey.unlike.reason
    assert grey.unlike.score > max(scene.unlike.score for scene in like)


def test_the_scenes_are_the_same_with_and_without(air, model, images):
    ours, plain = model.infer(images[:8]), Model(air, "tiny").infer(images[:8])
    assert all(scene.unlike is None for scene in plain)
    np.testing.assert_array_equal(ours.counts, plain.counts)
    for one, other in zip(ours, plain, strict=True):
        np.testing.assert_allclose(one.count_probs, other.count_probs, atol=1e-4)


def test_draws_are_of_the_same_image(model, images):
    means, draws = model.infer(images[:8]), model.infer(images[:8], samples=2)
    assert [scene.unlike for scene in draws] == [m.unlike for m in means for _ in range(2)]


def test_other_models_of_it_say_it_too(model, images):
    again = pickle.loads(pickle.dumps(model))
    assert again.typical == model.typical
    assert model.with_steps(2).typical == model.typical


def test_weights_say_it_or_do_not(model, images, tmp_path):
    save_weights(model.air, tmp_path / "old.safetensors")
    assert load(tmp_path / "old.safetensors").typical is None
    save_weights(model.air, tmp_path / "new.safetensors", unlike=model.typical.to_json())
    again = load(tmp_path / "new.safetensors")
    assert again.typical.to_json() == model.typical.to_json()
    assert again.infer(images[:8])[0].unlike is not None
    said = {**json.loads(model.typical.to_json()), "threshold": -1}
    save_weights(model.air, tmp_path / "bad.safetensors", unlike=json.dumps(said))
    with pytest.raises(InputError, match="bad.safetensors.*unlike"):
        load(tmp_path / "bad.safetensors")


def test_bundled_weights_of_images_tell_noise_from_scenes():
    from airscene.images import load_digits, multi_mnist

    model = load("multi-mnist")
    scenes = multi_mnist(load_digits("test", "bundled"), 64, seed=3).images / 255.0
    noise = np.clip(np.random.default_rng(0).normal(0.0, 0.1, (8, 50, 50)), 0.0, 1.0)
    every = model.infer(np.concatenate([noise, 1.0 - scenes[:8], scenes[16:]]))
    strange, like = every[:16], every[16:]
    assert sum(scene.unlike.flag for scene in like) <= 4
    assert all(scene.unlike.flag for scene in strange)
    assert "noise" in strange[0].unlike.reason
