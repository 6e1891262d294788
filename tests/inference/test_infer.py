"""Inference: the early end against the full unroll, pixels, samples, redrawing, loading."""

import multiprocessing
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import airscene.inference.infer as batches
import airscene.inference.loading as inference
from airscene.errors import InputError, InputWarning, check_seed, check_whole
from airscene.inference import Model, load
from airscene.inference.infer import INK, in_pixels, infer
from airscene.model.counts import count_log_posterior
from airscene.model.steps import TAIL, take_steps
from airscene.model.weights import save_weights
from airscene.model.where.recurrent import RecurrentProposal
from airscene.objective.bounds import enumerated
from airscene.scene import Scene, SceneObject, Scenes


def believing(air, presence, spread=-1.0):
    """The model with this bias on the logit of presence, and this softplus argument of spreads."""
    n_what = air.config.n_what
    return eqx.tree_at(
        lambda m: (m.where.head.bias, m.encoder.layers.layers[-1].bias),
        air,
        (
            jnp.array([presence, *[0.0] * 3, *[spread] * 3]),
            jnp.array([0.0] * n_what + [spread] * n_what),
        ),
    )


@pytest.fixture(scope="module")
def air(tiny):
    """A model that believes in one to three objects, and draws bright ones."""
    air = believing(tiny(seed=3, count_prior="table(1, 2, 3, 4)"), 1.0)
    # Louder weights: scenes of different images should differ by more than rounding.
    louder = eqx.tree_at(lambda m: m.where.head.weight, air, replace_fn=lambda w: 20 * w)
    bias = louder.decoder.layers.layers[-1].bias
    return eqx.tree_at(lambda m: m.decoder.layers.layers[-1].bias, louder, bias + 3.0)


@pytest.fixture(scope="module")
def model(air):
    return Model(air, "tiny")


@pytest.fixture(scope="module")
def images():
    """Three images of different brightness."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (3, 12, 12)) * np.array([0.2, 0.6, 1.0])[:, None, None]).astype(
        np.uint8
    )


@pytest.fixture(scope="module")
def scenes(model, images):
    return model.infer(images)


def same(a, b, atol=0.0):
    """Whether scenes have the same objects, to a tolerance."""
    return len(a) == len(b) and all(
        x.count == y.count
        and np.allclose(x.count_probs, y.count_probs, rtol=0, atol=atol)
        and all(
            np.allclose([p.presence, *p.window, *p.box], [q.presence, *q.window, *q.box], 0, atol)
            and np.allclose(p.what, q.what, rtol=0, atol=atol)
            for p, q in zip(x.objects, y.objects, strict=True)
        )
        for x, y in zip(a, b, strict=True)
    )


@pytest.fixture(scope="module")
def at_biases(tiny):
    """Inference and the unroll at the means, for biases of presence that end it anywhere."""
    image = jax.random.uniform(jax.random.key(1), (1, 12, 12))
    base = tiny(seed=1)

    def both(bias):
        air = believing(base, bias)
        return infer(air, image), air.unroll(image, jnp.zeros((3, air.n_noise)))

    return jax.jit(jax.vmap(both))(jnp.linspace(-9.0, 6.0, 31))


def test_inference_is_the_unroll_at_the_means_up_to_the_tail(at_biases):
    inferred, run = at_biases
    q = np.exp(inferred.log_q)
    full = np.exp(jax.vmap(count_log_posterior)(run.presence_logits))
    reached = np.cumprod(np.asarray(jax.nn.sigmoid(run.presence_logits)), axis=1)
    assert np.allclose(q.sum(axis=1), 1, atol=1e-5)
    assert np.all(np.abs(q - full) <= TAIL)
    # Where every step was reached, nothing is cut off.
    whole = reached[:, 1] > TAIL
    assert whole.any() and not whole.all()
    assert np.allclose(q[whole], full[whole], atol=1e-6)
    ran = np.pad(reached[:, :-1], ((0, 0), (1, 0)), constant_values=1.0) > TAIL
    assert set(ran.sum(axis=1)) == {1, 2, 3}
    assert np.allclose(inferred.z_where[ran], run.z_where[ran], atol=1e-5)
    assert np.allclose(inferred.z_what[ran], run.z_what[ran], atol=1e-5)
    # Steps after the end were not run.
    assert np.all(np.asarray(inferred.z_where)[~ran] == 0)


@pytest.mark.parametrize(("bias", "steps"), [(-9.0, 1), (-4.0, 2), (2.0, 3)])
def test_a_scene_that_ends_early_takes_fewer_steps(tiny, monkeypatch, bias, steps):
    air = believing(tiny(seed=1), bias)
    calls, step = [], RecurrentProposal.step
    monkeypatch.setattr(
        RecurrentProposal, "step", lambda *a: calls.append(True) or step(*a), raising=True
    )
    with jax.disable_jit():  # so that the loop is Python's
        take_steps(air, jnp.full((1, 12, 12), 0.3))
    assert len(calls) == 1 + steps  # the first for the shapes of what a step returns


def test_no_scene_depends_on_the_others_in_its_batch(model):
    """Not on their order, nor on which chunk it falls into, nor on padding."""
    rng = np.random.default_rng(2)
    prepared = (rng.random((131, 1, 12, 12)) * rng.random((131, 1, 1, 1))).astype(np.float32)
    all_at_once = model.infer_arrays(prepared)
    order = rng.permutation(131)
    for part in (order, [5, 130, 77]):
        for whole, again in zip(all_at_once, model.infer_arrays(prepared[part]), strict=True):
            assert again.shape == (len(part), *whole.shape[1:])
            assert np.allclose(whole[part], again, rtol=1e-5, atol=1e-5)
    assert len(np.unique(all_at_once.z_where[:, 0, 1])) > 100


def test_windows_and_boxes_in_pixels(tiny):
    air = tiny(image_shape=(3, 10, 20), object_size=0.5, scale_spread=0.1, position_spread=0.5)
    z_where = jnp.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.5], [0.0, 2.0, 2.0]])
    objects = np.zeros((3, 3, 10, 20), np.float32)
    objects[0, 1, 2:5, 7:13] = INK + 0.1  # in one channel: the box is of any
    objects[0, :, 0] = INK - 0.1
    objects[1, 2, 9, 19] = 1.0
    boxes, windows = in_pixels(air, z_where, jnp.asarray(objects))
    # Of the shorter side, 10: half is 2.5; 20 across and 10 down from the middle.
    half = 2.5 * np.exp(0.1)
    assert np.allclose(windows[0], [7.5, 2.5, 12.5, 7.5], atol=1e-5)
    assert np.allclose(windows[1], [5 - half, 6.25 - half, 5 + half, 6.25 + half], atol=1e-5)
    assert np.allclose(windows[2], [17.5, 7.5, 22.5, 12.5], atol=1e-5)
    assert boxes[0].tolist() == [7, 2, 13, 5]
    assert boxes[1].tolist() == [19, 9, 20, 10]
    # Nothing drawn: the part of the window that is inside.
    assert np.allclose(boxes[2], [17.5, 7.5, 20, 10], atol=1e-5)
    for window, z in zip(windows, z_where, strict=True):
        assert np.allclose(air.pose.inverse(tuple(window.tolist()), (10, 20)), z, atol=1e-4)


def test_a_drawn_object_lies_inside_its_window(model, air, images):
    prepared = model.prepare(images)[1]
    inferred = model.infer_arrays(prepared)
    drawn, _ = jax.vmap(jax.vmap(air.draw))(inferred.z_where, inferred.z_what)
    assert np.max(drawn) > INK
    for box, window in zip(
        inferred.boxes.reshape(-1, 4), inferred.windows.reshape(-1, 4), strict=True
    ):
        # A pixel's ink fades out over one sample of the window at its edge.
        margin = 0.5 + (window[2] - window[0]) / 4
        assert np.all(box[:2] >= window[:2] - margin) and np.all(box[2:] <= window[2:] + margin)


def test_what_scenes_say(model, images, scenes):
    inferred = model.infer_arrays(model.prepare(images)[1])
    assert scenes.model == "tiny" and scenes.image_size == (12, 12)
    assert [scene.source for scene in scenes] == ["array[0]", "array[1]", "array[2]"]
    assert scenes.counts.max() > 0
    for i, scene in enumerate(scenes):
        assert scene.count == inferred.log_q[i].argmax() == scene.count_probs.argmax()
        assert scene.count_probs.sum() == pytest.approx(1, abs=1e-12)
        assert scene.image_size is None and scene.sample is None
        for k, thing in enumerate(scene.objects):
            assert thing.presence == pytest.approx(scene.count_probs[k + 1 :].sum(), abs=1e-9)
            assert np.allclose(thing.window, inferred.windows[i, k])
            assert np.allclose(thing.box, inferred.boxes[i, k])
            assert np.array_equal(thing.what, inferred.z_what[i, k])


def test_bytes_and_floats_are_the_same_images(model, images, scenes):
    assert same(model.infer((images / 255.0).astype(np.float32)), scenes, atol=1e-5)
    assert same(model.infer(images / 255.0), scenes, atol=1e-5)
    assert same(model.infer(images), scenes)


def test_lists_of_images(model, images, scenes):
    listed = model.infer([images[0], jnp.asarray(images[1]), Image.fromarray(images[2])])
    assert same(listed, scenes, atol=1e-5) and listed[2].source == "array[2]"


def test_an_offset_is_warned_of(model, images):
    with pytest.warns(InputWarning, match="the darkest pixel is 0.5 of white, .* subtract the"):
        model.infer(images.astype(np.uint16) + 32768)
    with pytest.warns(InputWarning, match="the largest value is 1, .* multiply by 255"):
        model.infer((images > 99).astype(np.uint8))


def test_images_of_another_size(model, images):
    large = np.repeat(np.repeat(images, 2, axis=1), 3, axis=2)
    with pytest.raises(InputError, match=r"36x24 pixels, the model takes 12x12.*--resize"):
        model.infer(large)
    resized = model.infer(large, resize=True)
    small = model.infer_arrays(model.prepare(large, resize=True)[1])
    assert sum(resized.counts) > 0
    for i, scene in enumerate(resized):
        assert scene.image_size == (24, 36)
        for k, thing in enumerate(scene.objects):
            assert np.allclose(thing.window, small.windows[i, k] * [3, 2, 3, 2], atol=1e-4)
            assert np.allclose(thing.box, small.boxes[i, k] * [3, 2, 3, 2], atol=1e-4)
    # Windows go back to the model's pixels to be drawn.
    as_if_small = Scenes(
        "tiny",
        (12, 12),
        tuple(
            Scene(
                scene.source,
                scene.count_probs,
                tuple(
                    SceneObject(o.presence, tuple(small.windows[i, k].tolist()), o.box, o.what)
                    for k, o in enumerate(scene.objects)
                ),
            )
            for i, scene in enumerate(resized)
        ),
    )
    assert np.allclose(model.render(resized), model.render(as_if_small), atol=1e-4)


def test_samples_are_draws_of_each_image(air, images, scenes):
    model = Model(believing_narrowly(air), "tiny")
    drawn = model.infer(images, samples=4)
    means = model.infer(images)
    assert [scene.source for scene in drawn] == [f"array[{i}]" for i in (0, 1, 2) for _ in range(4)]
    assert [scene.sample for scene in drawn] == [0, 1, 2, 3] * 3
    windows = means[1].objects[0].window, means[2].objects[0].window
    assert not np.allclose(*windows, atol=0.01)
    for i, scene in enumerate(drawn):
        mean = means[i // 4]
        # The spread is nil, so that only the count is drawn.
        assert np.allclose(scene.count_probs, mean.count_probs, atol=2 * TAIL)
        for a, b in zip(scene.objects, mean.objects, strict=False):
            assert np.allclose(a.window, b.window, atol=0.01)
            assert np.allclose(a.what, b.what, atol=0.01)


def believing_narrowly(air):
    return believing(air, 1.0, spread=-14.0)


def test_counts_are_drawn_from_their_posterior(model, images):
    n = 100
    drawn = model.infer(images, samples=n)
    right = np.array([np.eye(4)[scene.count] - scene.count_probs for scene in drawn])
    probs = np.array([scene.count_probs for scene in drawn])
    spread = np.sqrt((probs * (1 - probs)).sum(axis=0)) / len(drawn)
    assert np.all(np.abs(right.mean(axis=0)) <= 4 * spread)
    assert len(set(drawn.counts.tolist())) > 1
    assert len({scene.objects[0].window for scene in drawn if scene.count}) > n


def test_seeds_of_samples(model, images):
    first, again, other = (model.infer(images, samples=2, seed=s) for s in (5, 5, 6))
    assert first.to_json() == again.to_json()
    assert first.to_json() != other.to_json()
    # And one draw is not the other.
    assert not same(first[0::2], first[1::2], atol=1e-3)


def test_rendering_redraws_the_canvas_at_the_means(model, air, images, scenes):
    run = eqx.filter_jit(jax.vmap(lambda x: air.unroll(x, jnp.zeros((3, air.n_noise)))))(
        model.prepare(images)[1]
    )
    canvases = np.asarray(run.canvases)[np.arange(3), scenes.counts, 0].clip(0, 1)
    assert canvases.max() > 0.2
    assert np.allclose(model.render(scenes), canvases, atol=1e-4)
    # What is drawn can be looked at again.
    assert len(model.infer(model.render(scenes))) == 3
    # And after the rounding of JSON, nearly.
    assert np.allclose(model.render(Scenes.from_json(scenes.to_json())), canvases, atol=0.02)


def test_rendering_by_hand(model, air):
    thing = SceneObject(1.0, (1.0, 4.0, 7.0, 10.0), (0.0, 0.0, 1.0, 1.0), np.array([0.5, -1.0]))
    probs = np.array([0.0, 0.0, 1.0, 0.0])
    by_hand = Scenes("?", (12, 12), (Scene("", probs, (thing, thing)), Scene("", probs, ())))
    two, none = model.render(by_hand)
    # Side 6 of 12 is object_size; the centre is at (4, 7) of 12.
    z_where = jnp.array([0.0, (4 / 6 - 1) / 0.5, (7 / 6 - 1) / 0.5])
    drawn = 2 * np.asarray(air.draw(z_where, jnp.array([0.5, -1.0]))[0][0])
    assert np.allclose(two, drawn.clip(0, 1), atol=1e-5)
    assert np.all(none == 0) and two.max() > 0.2


@pytest.mark.parametrize(
    ("image_size", "n", "window", "n_what", "message"),
    [
        ((12, 13), 1, (1.0, 1.0, 5.0, 5.0), 2, r"\(12, 13\) pixels.*tiny draws \(12, 12\)"),
        ((12, 12), 4, (1.0, 1.0, 5.0, 5.0), 2, "up to 4 objects; tiny draws .* 3 objects"),
        ((12, 12), 1, (1.0, 1.0, 5.0, 5.0), 3, "code has 3 numbers; tiny takes 2"),
        ((12, 12), 1, (5.0, 1.0, 5.0, 5.0), 2, "x0 < x1"),
        ((12, 12), 1, (5.0, 1.0, 1.0, 5.0), 2, "x0 < x1"),
    ],
)
def test_rendering_refuses_scenes_of_another_model(model, image_size, n, window, n_what, message):
    thing = SceneObject(1.0, window, window, np.zeros(n_what))
    scene = Scene("x.png", np.ones(4) / 4, (thing,) * n)
    with pytest.raises(InputError, match=message):
        model.render(Scenes("other", image_size, (scene,)))


def test_samples_of_the_prior(model):
    first, again, other = (model.sample(seed, 8) for seed in (1, 1, 2))
    assert first.shape == (8, 12, 12) and first.dtype == np.float32
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_samples_with_counts_that_are_asked_for(model):
    assert np.all(model.sample(1, 8, [0]) == 0)
    ink = model.sample(1, 8, np.array([0, 3])).sum(axis=(1, 2))
    assert 0 < np.sum(ink > 0) < 8
    for counts in ([4], [1, -1]):
        with pytest.raises(InputError, match=r"tiny draws 0 to 3 objects"):
            model.sample(1, 8, counts)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m, x: m.infer(x, samples=-1), "samples is -1; .* whole number of at least 0"),
        (lambda m, x: m.infer(x, seed=-1), "seed is -1; .* whole number from 0 to"),
        (lambda m, x: m.infer(x, samples=1, seed=2**32), "seed is 4294967296"),
        (lambda m, x: m.log_likelihood(x, 0), "particles is 0; .* whole number of at least 1"),
        (lambda m, x: m.log_likelihood(x, seed=-1), "seed is -1"),
        (lambda m, x: m.sample(0, -1), "n is -1; .* whole number of at least 0"),
        (lambda m, x: m.sample(-1, 1), "seed is -1"),
        (lambda m, x: m.sample(2**32, 1), "seed is 4294967296"),
        (lambda m, x: m.sample(0, 1, np.full(10**5, 9)), "^a count is 9; .* 0 to 3 objects$"),
    ],
)
def test_options_out_of_range(model, images, ask, message):
    with pytest.raises(InputError, match=message):
        ask(model, images)


def test_options_that_are_no_whole_numbers():
    for value in (1.5, "1", None):
        with pytest.raises(InputError, match=f"seed is {value}; it should be a whole number"):
            check_seed.__wrapped__(value)
        with pytest.raises(InputError, match=f"n is {value}; it should be a whole number"):
            check_whole.__wrapped__("n", value, 0)
    check_seed(np.uint32(2**32 - 1).item())


def test_no_samples(model):
    assert model.sample(0, 0).shape == (0, 12, 12)


def test_log_likelihood_is_above_the_bound(tiny):
    air = believing(tiny(seed=2, count_prior="table(1, 1, 1, 1)"), 0.3, spread=0.0)
    model = Model(air, "tiny")
    # Images of falling likelihood: the order tells whether chunks are joined rightly.
    images = np.stack([np.full((12, 12), v, np.float32) for v in (0.0, 0.3, 0.6, 0.9)])
    values, again, other = (model.log_likelihood(images, 256, seed=s) for s in (0, 0, 1))
    assert values.shape == (4,) and np.all(np.isfinite(values))
    assert np.array_equal(values, again) and not np.array_equal(values, other)
    assert np.all(np.diff(values) < 0)
    noise = jax.random.normal(jax.random.key(9), (100, 3, air.n_noise))
    bound = jax.vmap(enumerated, in_axes=(None, None, 0, None))
    bounds = jax.jit(jax.vmap(lambda x: bound(air, x, noise, air.log_prior())))(images[:, None])
    bounds = np.asarray(bounds, float)
    assert np.all(values > bounds.mean(axis=1) - 4 * bounds.std(axis=1) / 10)


@pytest.mark.filterwarnings("ignore::airscene.errors.InputWarning")
def test_many_particles_are_drawn_in_parts(tiny, monkeypatch):
    air = believing(tiny(seed=2, count_prior="table(1, 1, 1, 1)"), 0.3, spread=0.0)
    model, image = Model(air, "tiny"), np.full((1, 12, 12), 0.3, np.float32)
    drawn, whole = [], batches.log_marginal_batch

    def noted(air, images, key, particles):
        drawn.append((len(images), particles))
        return whole(air, images, key, particles)

    monkeypatch.setattr(batches, "log_marginal_batch", noted)
    values = model.log_likelihood(image, 250)
    assert drawn == [(1, 100), (1, 100), (1, 50)] and values.dtype == np.float32
    # The logarithm of the mean weight of all 250.
    key = jax.random.split(jax.random.key(0), 1)[0]
    parts = [
        float(whole(air, image[:, None], jax.random.fold_in(key, part), n)[0])
        for part, n in enumerate((100, 100, 50))
    ]
    mean = np.log(np.average(np.exp(np.subtract(parts, parts[0])), weights=(2, 2, 1))) + parts[0]
    assert values[0] == pytest.approx(mean, rel=1e-5)
    # Up to 100 they are drawn at once, as ever.
    drawn.clear()
    once = model.log_likelihood(image, 100)
    assert drawn == [(1, 100)] and np.array_equal(once, whole(air, image[:, None], key, 100))


def test_a_model_goes_to_another_process(air, model, images, scenes):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(model.infer, (images,))
        more = pool.apply(model.with_steps(3).log_likelihood, (images, 3))
    assert there.to_json() == scenes.to_json() and there.model == "tiny"
    assert np.array_equal(more, model.log_likelihood(images, 3))
    state = pickle.dumps(model)
    assert eqx.tree_equal(pickle.loads(state).air, air)
    assert b"jax" not in state and b"function" not in state


def test_a_model_of_the_difference_network_is_pickled_too(tiny):
    air = tiny(where_proposal="difference")
    assert eqx.tree_equal(pickle.loads(pickle.dumps(Model(air, "x"))).air, air)


def test_bundled_weights_say_what_they_said():
    """Figures of the first release, whatever becomes of the code around the weights."""
    image = np.zeros((50, 50), np.uint8)
    image[5:25, 12:15] = 255
    image[28:31, 26:44] = image[31:46, 41:44] = 255
    (scene,) = load("multi-mnist").infer(image[None])
    assert scene.count == 2 and scene.count_probs[2] == pytest.approx(0.9999895, abs=2e-5)
    windows = [thing.window for thing in scene.objects]
    assert np.allclose(windows[0], (28.8806, 22.9016, 51.3752, 45.3962), atol=2e-3)
    assert np.allclose(windows[1], (3.1822, 5.0145, 24.7897, 26.6220), atol=2e-3)
    assert np.allclose(scene.objects[0].what[:3], (0.0331, -0.7792, -0.0517), atol=2e-3)


def test_another_number_of_steps(tiny, images):
    model = Model(believing(tiny(seed=3), 1.0), "tiny")
    fewer, more = model.with_steps(1), model.with_steps(5)
    assert repr(fewer) == "Model('tiny': 12x12 grey, 0..1)" and repr(more).endswith("0..5)")
    assert fewer.infer(images)[0].count_probs.shape == (2,)
    inferred, longer = (m.infer_arrays(m.prepare(images)[1]) for m in (model, more))
    assert np.allclose(longer.z_where[:, :3], inferred.z_where, atol=1e-5)
    assert len(more.infer(images, samples=2)) == 6 and len(more.sample(0, 2, [5])) == 2


def test_numbers_of_steps_that_cannot_be(model):
    with pytest.raises(InputError, match="n-steps is 0"):
        model.with_steps(0)
    with pytest.raises(InputError, match=r"table\(w0, .., w4\)"):
        model.with_steps(4)


def test_loading(air, tmp_path, monkeypatch):
    run, bundled = tmp_path / "runs" / "mine", tmp_path / "bundled" / "digits.safetensors"
    save_weights(air, run / "model.safetensors")
    save_weights(air, bundled)
    monkeypatch.setattr(inference, "bundled_models", lambda: {"digits": bundled})
    for given, name in [
        (run, "mine"),
        (str(run), "mine"),
        (run / "model.safetensors", "model"),
        (str(bundled), "digits"),
        ("digits", "digits"),
    ]:
        loaded = load(given)
        assert loaded.name == name and eqx.tree_equal(loaded.air, air)
        assert repr(loaded) == f"Model({name!r}: 12x12 grey, 0..3)"


def test_loading_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(inference, "bundled_models", lambda: {"a": tmp_path, "b": tmp_path})
    with pytest.raises(InputError, match=r"no model 'digts': .*one of a, b"):
        load("digts")
    (tmp_path / "unfinished").mkdir()
    with pytest.raises(InputError, match=r"unfinished has no model.safetensors yet; .*--resume"):
        load(tmp_path / "unfinished")
    (tmp_path / "x.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load(tmp_path / "x.safetensors")
