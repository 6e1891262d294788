"""3-D scenes as users see them: units, pictures of any size, draws, loading, what is refused."""

import dataclasses
import json
import multiprocessing
import pickle
from functools import partial

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.special import logsumexp

from airscene.errors import InputError
from airscene.evaluation.renders import _bounds
from airscene.graphics import ABSENT, SINGLE_OBJECT, TABLETOP, PlaneRenderer, SceneBatch, World
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.plane import TYPES
from airscene.inference import SceneModel, load
from airscene.inference.scene_model import LIKELIHOOD
from airscene.inference.worlds import to_batch, to_objects, world_name
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.surrogate import log_weights
from airscene.inverse.unroll import as_inputs, draw_noise, infer, mode_noise, unroll
from airscene.model.weights import save_weights
from airscene.scene import PosedObject, PosedScene, PosedScenes

PLANE = World(
    "plane.xml", TYPES, "none", 2, centre=(1.0, -2.0), half_size=(0.5, 0.25), image_size=(16, 24)
)
ORBIT = dataclasses.replace(PLANE, orbit=0.5)


def network(kind="difference", seed=1, **changes):
    fields = {"n_slots": 2, "image_shape": (3, 8, 12), "n_hidden": 8, "network": kind, **changes}
    return InverseAIR(InverseConfig(**fields), key=jax.random.key(seed))


def shapes(n, seed=0, cameras=0):
    """Scenes of shapes; the present ones come first."""
    rng = np.random.default_rng(seed)
    types = np.sort(rng.integers(-1, 3, (n, 2)))[:, ::-1]
    camera = rng.uniform(-0.5, 0.5, (n, cameras))
    return SceneBatch.of(types, rng.uniform(-4.0, 4.0, (n, 2, 3)), camera)


def told(batch, world):
    presence = np.ones(batch.types.shape)
    found = to_objects(batch, presence, world)
    images = tuple(PosedScene(f"x[{i}]", *one) for i, one in enumerate(found))
    return PosedScenes("m", world_name(world), world.image_size, images)


@pytest.fixture(scope="module")
def model():
    return SceneModel(network(), PLANE, "tiny", partial(PlaneRenderer, (16, 24)))


@pytest.fixture(scope="module")
def images(model):
    return model.drawing.draw(shapes(5))


@pytest.mark.slow
def test_a_model_goes_to_another_process(model, images):
    here = model.infer(images)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(model.infer, (images,))
    assert there.to_json() == here.to_json()
    state = pickle.dumps(SceneModel(model.air, PLANE, "x"))
    again = pickle.loads(state)
    assert eqx.tree_equal(again.air, model.air) and again.world == PLANE and again.name == "x"
    assert again.likelihood == model.likelihood
    assert again.image_size == (16, 24) and again.largest_count == 2
    # The renderer is not pickled, as it may hold a graphics context.
    assert model.drawing._renderer is not None
    assert pickle.loads(pickle.dumps(model)).drawing._renderer is None
    assert b"function" not in state and b"jax" not in state


@pytest.mark.parametrize("world", [PLANE, ORBIT])
def test_scenes_go_round(world, tmp_path):
    batch = shapes(200, cameras=int(world.orbit > 0))
    scenes = told(batch, world)
    turns = np.array([thing.rotation for scene in scenes for thing in scene.objects])
    assert np.all((-np.pi < turns) & (turns <= np.pi)) and np.abs(turns).max() > 3.1
    scenes.save(tmp_path / "x.json")
    back = to_batch(PosedScenes.load(tmp_path / "x.json"), world)
    assert np.array_equal(back.types, batch.types)
    assert np.allclose(back.camera, batch.camera, rtol=0, atol=1e-4)
    there = batch.present
    assert np.allclose(back.poses[there, :2], batch.poses[there, :2], rtol=0, atol=1e-5)
    gap = np.mod(back.poses[there, 2] - batch.poses[there, 2] + np.pi, 2 * np.pi) - np.pi
    assert np.abs(gap).max() < 1e-4
    # And what is drawn of them is the same, to the rounding.
    plane = PlaneRenderer((16, 24))
    gaps = plane.render(back).astype(int) - plane.render(batch).astype(int)
    assert np.abs(gaps).max() <= 1


def test_positions_are_in_the_units_of_the_world():
    batch = SceneBatch.of(np.array([[2, ABSENT]]), np.array([[[1.0, -1.0, np.pi], [9, 9, 9]]]))
    (thing,) = told(batch, PLANE)[0].objects
    assert thing.type == "triangle"
    assert thing.position == pytest.approx((1.5, -2.25))  # the corner of the region
    assert thing.rotation == pytest.approx(np.pi)


def test_a_camera_beyond_its_orbit_is_at_the_end():
    batch = SceneBatch.of(np.full((1, 2), ABSENT), np.zeros((1, 2, 3)), np.array([[-0.7]]))
    assert told(batch, ORBIT)[0].camera == (-0.5,)


def hand(*objects, camera=(), world="plane", size=(16, 24)):
    return PosedScenes("m", world, size, (PosedScene("a", ()), PosedScene("b", objects, camera)))


DISC = PosedObject(1.0, "disc", (1.0, -2.0), 0.0)


@pytest.mark.parametrize(
    ("scenes", "world", "message"),
    [
        (hand(world="tabletop"), PLANE, "of the world 'tabletop' .* draws 'plane'"),
        (hand(size=(16, 16)), PLANE, "in 16x16 pixels; .* in 24x16"),
        (hand(DISC, DISC, DISC), PLANE, r"images\[1\], b: 3 objects; .* up to 2"),
        (
            hand(dataclasses.replace(DISC, type="fork")),
            PLANE,
            r"images\[1\], b: objects\[0\].type is 'fork'; .* has disc, square, triangle",
        ),
        (hand(DISC, dataclasses.replace(DISC, rotation=np.nan)), PLANE, r"objects\[1\] .* finite"),
        (hand(DISC, dataclasses.replace(DISC, position=(1e299, 0.0))), PLANE, r"beyond 1,000,000"),
        (hand(DISC, camera=(0.1,)), PLANE, r"images\[1\], b: it has a camera; .* is fixed"),
    ],
)
def test_scenes_that_cannot_be_drawn(scenes, world, message):
    with pytest.raises(InputError, match=message):
        to_batch(scenes, world)


@pytest.mark.parametrize("camera", [(), (0.6,), (0.1, 0.1), (float("nan"),)])
def test_cameras_that_cannot_be(camera):
    scene = PosedScene("b", (DISC,), camera)
    with pytest.raises(InputError, match=r"images\[0\], b: .* one angle from -0.5 to 0.5 radians"):
        to_batch(PosedScenes("m", "plane", (16, 24), (scene,)), ORBIT)


@pytest.mark.parametrize("kind", ["recurrent", "difference"])
def test_inference_is_that_of_the_network(kind, images):
    model = SceneModel(network(kind), PLANE, "tiny", partial(PlaneRenderer, (16, 24)))
    scenes = model.infer(images, refine=False)  # padded to 8, of which 5 are drawn
    found, expected = (
        to_batch(scenes, PLANE),
        infer(model.air, images, PlaneRenderer((16, 24)).render),
    )
    for i, scene in enumerate(scenes):
        kinds = expected.types[i][expected.present[i]]
        assert [thing.type for thing in scene.objects] == [TYPES[k] for k in kinds]
        poses = expected.poses[i][expected.present[i]]
        assert np.allclose(found.poses[i, : len(poses), :2], poses[:, :2], atol=1e-4)
        presences = [thing.presence for thing in scene.objects]
        assert presences == sorted(presences, reverse=True)
        assert all(p >= 0.5 ** (k + 1) for k, p in enumerate(presences))
    assert 0 < scenes.counts.sum()
    assert (scenes.model, scenes.world, scenes.image_size) == ("tiny", "plane", (16, 24))
    assert model.render(scenes).shape == (5, 16, 24, 3)


def test_refined_scenes_explain_images_better(model, images):
    plain, refined = (model.infer(images, refine=some) for some in (False, True))
    errors = [
        np.square(model.render(some) - images / np.float32(255)).mean() for some in (plain, refined)
    ]
    assert errors[1] < errors[0]
    for a, b in zip(plain, refined, strict=True):
        assert [(thing.type, thing.presence) for thing in a.objects] == [
            (thing.type, thing.presence) for thing in b.objects
        ]


def test_the_recurrent_network_needs_no_renderer(images):
    def fail():
        raise AssertionError("made")

    model = SceneModel(network("recurrent"), PLANE, "tiny", fail)
    assert len(model.infer(images, refine=False)) == 5


def test_pictures_of_any_size(model, images):
    sources, prepared = model.prepare(images)
    assert np.array_equal(prepared, images) and sources[1] == "array[1]"
    large = images.repeat(3, axis=1).repeat(3, axis=2)
    wide = np.pad(large, ((0, 0), (0, 0), (30, 30), (0, 0)), constant_values=255)
    high = np.pad(large, ((0, 0), (24, 24), (0, 0), (0, 0)), constant_values=255)
    # Resampled, the middle is what it was but for its edges.
    for given in (large, wide, high):
        gap = np.abs(model.prepare(given)[1].astype(int) - images)
        assert gap.mean() < 8 and gap[:, 4:-4, 4:-4].mean() < 8
    assert np.array_equal(model.prepare(wide)[1], model.prepare(large)[1])
    grey = np.full((2, 40, 7), 0.5)
    assert np.all(model.prepare(grey)[1] == 128)
    assert len(model.infer(np.zeros((1, 1, 1), np.uint8))) == 1


def test_draws_from_the_posterior(model, images):
    first, again, other = (model.infer(images[:3], samples=2, seed=s) for s in (5, 5, 6))
    assert first.to_json() == again.to_json() != other.to_json()
    assert [scene.sample for scene in first] == [0, 1] * 3
    assert [scene.source for scene in first] == [f"array[{i}]" for i in (0, 0, 1, 1, 2, 2)]


def test_presence_is_of_the_object_and_those_before_it():
    batch = SceneBatch.of(np.array([[0, ABSENT, 1, 2]]), np.zeros((1, 4, 3)))
    ((objects, _),) = to_objects(batch, np.array([[0.5, 0.1, 0.8, 0.25]]), TABLETOP)
    # The slot that has no object says nothing of those after it.
    assert [thing.presence for thing in objects] == pytest.approx([0.5, 0.4, 0.1])


def test_presence_is_drawn_with_its_probability(images):
    world = dataclasses.replace(PLANE, n_slots=1)
    model = SceneModel(network("recurrent", n_slots=1), world, "tiny")
    inputs = as_inputs(images[:1], model.air.config)
    p = unroll(
        model.air, inputs, PlaneRenderer().render, mode_noise(1, model.air.config)
    ).q_present[0, 0]
    drawn = model.infer(images[:1].repeat(64, axis=0), samples=10)
    spread = np.sqrt(p * (1 - p) / len(drawn))
    assert abs(np.mean(drawn.counts) - p) < 4 * spread < 0.1
    there = [scene.objects[0] for scene in drawn if scene.count]
    assert all(thing.presence == pytest.approx(p, abs=1e-5) for thing in there)
    assert len({thing.position for thing in there}) == len(there)


def test_samples_of_the_prior(model):
    first, again, other = (model.sample(seed, 6) for seed in (1, 1, 2))
    assert first.shape == (6, 16, 24, 3) and 0 < first.max() <= 1
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.all(model.sample(1, 4, [0]) == 0)
    with pytest.raises(InputError, match="tiny draws 0 to 2 objects"):
        model.sample(1, 4, [3])


def test_log_weights_have_the_bound_as_their_mean(images):
    air, n = network(n_cameras=1), 1024
    inputs = as_inputs(images[:1].repeat(n, axis=0), air.config)
    noise = draw_noise(jax.random.key(0), n, air.config)
    run = unroll(air, inputs, PlaneRenderer((16, 24)).render, noise)
    zeros = np.zeros(n, np.float32)
    weights, bounds = (
        np.asarray(f(air, inputs, run.canvases, run.drawn, zeros), float)
        for f in (log_weights, _bounds)
    )
    # The bound's KLs of poses and camera are analytic: a draw differs, the mean does not.
    gap = weights - bounds
    assert gap.std() > 0.1
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(n)


def test_log_likelihood_is_that_of_the_prior(model):
    black = np.zeros((1, 16, 24, 3), np.uint8)
    found, again, other = (model.log_likelihood(black, 600, seed=s) for s in (0, 0, 1))
    # The mean of p(x | z) over the prior: a quarter of its scenes are empty, and so explain it.
    bases = [blur_basis(side, LIKELIHOOD.blur) for side in (16, 24)]
    drawn = blurred(np.rint(255 * model.sample(7, 4000)).astype(np.uint8), *bases)
    which = np.zeros(4000, int)
    values = log_likelihoods(drawn, blurred(black, *bases), which, LIKELIHOOD.sigma, black.size)
    assert found[0] == pytest.approx(logsumexp(values) - np.log(4000), abs=0.25)
    assert np.array_equal(found, again) and not np.array_equal(found, other)
    # An image in which nothing is what the model can draw is far less likely.
    assert model.log_likelihood(255 - black, 20)[0] < found[0] - 1000


def test_networks_of_another_world():
    with pytest.raises(InputError, match=r"3 types, 2 slots and 0 .* 'single-object' has 3, 1 and"):
        SceneModel(network(), SINGLE_OBJECT, "tiny")


def test_loading(tmp_path):
    air = network(n_slots=1, image_shape=(3, 8, 8))
    save_weights(air, tmp_path / "a.safetensors", world="single-object")
    loaded = load(tmp_path / "a.safetensors")
    assert isinstance(loaded, SceneModel) and eqx.tree_equal(loaded.air, air)
    assert repr(loaded) == "SceneModel('a': 128x128, 0..1 of cube, sphere, cylinder)"
    # A run's older weights do not name their world, its configuration does.
    run = tmp_path / "run"
    save_weights(air, run / "model.safetensors")
    with pytest.raises(InputError, match=r"does not say of which world .*SceneModel\(air, world"):
        load(run)
    (run / "config.json").write_text(json.dumps({"world": "single-object"}))
    assert load(run).world == SINGLE_OBJECT and load(run).name == "run"


@pytest.mark.parametrize(
    ("world", "message"), [("moon", "no world 'moon', only single-object"), ("tabletop", "1 slots")]
)
def test_loading_weights_of_a_world_that_does_not_fit(tmp_path, world, message):
    path = tmp_path / "a.safetensors"
    save_weights(network(n_slots=1, image_shape=(3, 8, 8)), path, world=world)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", [(128, 64), (16, 16), (130, 130)])
def test_a_world_whose_images_do_not_shrink_to_what_the_network_sees(size):
    world = dataclasses.replace(SINGLE_OBJECT, image_size=size)
    with pytest.raises(InputError, match=r"tiny sees images of 32x32 pixels; those of .* shrink"):
        SceneModel(network(n_slots=1, image_shape=(3, 32, 32)), world, "tiny")


def test_images_are_compared_as_training_ended(tmp_path):
    air, path = network(n_slots=1, image_shape=(3, 8, 8)), tmp_path / "a.safetensors"
    save_weights(air, path, world="single-object")
    assert load(path).likelihood == LIKELIHOOD
    save_weights(air, path, world="single-object", likelihood="[1.0, 0.3]")
    assert load(path).likelihood == (1.0, 0.3)
    for text in ("[1.0]", "[1.0, 0.0]", '[1.0, "a"]', "7", "[NaN, 1]"):
        save_weights(air, path, world="single-object", likelihood=text)
        with pytest.raises(InputError, match="a.safetensors: its likelihood is .* two numbers"):
            load(path)
