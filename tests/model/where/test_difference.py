"""The difference network: it sees the canvas error near one object and nothing else."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.inference.infer import infer
from airscene.model.counts import count_log_posterior
from airscene.model.steps import best_side, best_steps
from airscene.model.weights import load_weights, save_weights
from airscene.model.where.difference import GLIMPSE_SIZE, N_GLIMPSES, REACH
from airscene.objective.bounds import enumerated

SIZE = (40, 60)


def blob(x, y, size=SIZE):
    """A bright disc of radius 3 about a place in pixels."""
    rows, columns = jnp.arange(size[0])[:, None], jnp.arange(size[1])
    return ((rows - y) ** 2 + (columns - x) ** 2 <= 9).astype(jnp.float32)[None]


def believing(air, presence):
    """The model with this bias on the logit of presence, and louder weights."""
    last = air.where.glimpses[-1].head
    louder = (10.0 * last.weight, last.bias.at[0].set(presence))
    layer = eqx.tree_at(lambda m: (m.weight, m.bias), last, louder)
    return eqx.tree_at(lambda m: m.where.glimpses[-1].head, air, layer)


@pytest.fixture(scope="module")
def air(tiny):
    """A model of many small windows that draws bright objects."""
    air = tiny(
        image_shape=(1, *SIZE), object_size=0.3, where_proposal="difference", position_spread=0.6
    )
    bias = air.decoder.layers.layers[-1].bias
    return believing(eqx.tree_at(lambda m: m.decoder.layers.layers[-1].bias, air, bias + 3.0), 1.0)


def propose(air, error):
    """What is proposed of an error, at the means."""
    return air.where.step(air.where.begin(error, 0.0), jnp.zeros(3))[1]


@pytest.fixture(scope="module")
def attend(air):
    return jax.jit(lambda error: air.where.attend(error / 0.3, jnp.zeros(())))


def in_pixels(place):
    """A place in [-1, 1] across the image, in the coordinates of `blob`."""
    return (np.asarray(place) + 1) / 2 * np.array(SIZE[::-1]) - 0.5


def test_attention_finds_the_only_thing(attend):
    for x, y in [(5, 5), (30, 20), (50, 33), (8, 30)]:
        assert np.allclose(in_pixels(attend(blob(x, y))), (x, y), atol=2.0)


def test_attention_takes_one_of_several_things_and_then_the_others(attend):
    places = [(10, 10), (30, 25), (50, 9), (48, 32)]
    error, taken = sum(blob(*place) for place in places), []
    for _ in places:
        place = in_pixels(attend(error))
        distances = np.linalg.norm(np.array(places) - place, axis=1)
        assert distances.min() < 3
        taken.append(int(distances.argmin()))
        error = error - blob(*places[taken[-1]])
    assert sorted(taken) == [0, 1, 2, 3]


def test_attention_passes_over_residues_and_what_is_drawn_too_bright(air, attend):
    """On whichever side of the image they are."""
    for here, there in [((10, 20), (50, 20)), ((50, 20), (10, 20)), ((30, 8), (30, 32))]:
        residue = blob(*there) - blob(there[0] + 1, there[1])
        for rest in (residue, -blob(*there), 0.05 * blob(*there)):
            assert np.allclose(in_pixels(attend(blob(*here) + rest)), here, atol=2.0)


def test_what_is_far_off_changes_nothing(air):
    """The next object is proposed as if it were the only one left."""
    see = jax.jit(lambda error: propose(air, error))
    alone = see(blob(15, 20))
    window = 2 * air.config.object_size * SIZE[0] / SIZE[1]
    assert 15 + (GLIMPSE_SIZE / 2 + REACH * N_GLIMPSES) * window * SIZE[1] / 2 < 48
    with_residue = see(blob(15, 20) + 0.1 * (blob(54, 20) - blob(54, 21)))
    for one, other in zip(alone, with_residue, strict=True):
        assert np.allclose(one, other, atol=1e-3)
    assert not np.allclose(see(blob(15, 20) - 0.5 * blob(19, 20)).logit, alone.logit, atol=1e-3)


def test_a_thing_elsewhere_is_seen_the_same(air):
    """By whole squares, away from the edges: the pose moves with it, all else stays."""
    see = jax.jit(lambda error: propose(air, error))
    one, other = see(blob(20, 16)), see(blob(32, 22))
    moved = np.array([0, 12 / 30 / 0.6, 6 / 20 / 0.6])
    assert np.allclose(other.logit, one.logit, atol=1e-2)
    assert np.allclose(other.where_mean, one.where_mean + moved, atol=1e-2)
    assert np.allclose(other.where_scale, one.where_scale, atol=1e-2)


@pytest.fixture(scope="module")
def image():
    return blob(10, 10) + blob(30, 25) + blob(50, 9)


def test_a_step_depends_on_nothing_but_the_canvas_error(air, image):
    """Whatever was drawn before: step i is the first step on the error that it starts from."""
    noise = jax.random.normal(jax.random.key(1), (4, air.n_noise))
    unroll = eqx.filter_jit(lambda x, noise: air.unroll(x, noise))
    run = unroll(image, noise)
    assert np.abs(np.diff(run.canvases, axis=0)).max(axis=(1, 2, 3)).min() > 0.1
    for i in range(3):
        again = unroll(image - run.canvases[i], jnp.roll(noise, -i, axis=0))
        assert np.allclose(again.presence_logits[0], run.presence_logits[i], atol=1e-4)
        assert np.allclose(again.z_where[0], run.z_where[i], atol=1e-4)
        assert np.allclose(again.z_what[0], run.z_what[i], atol=1e-4)


@pytest.mark.parametrize("n_steps", [1, 5])
def test_another_number_of_steps(air, image, n_steps):
    """More steps go on where fewer end; the prior is that of the new number."""
    other = air.with_steps(n_steps)
    assert other.config.n_steps == n_steps and len(other.log_prior()) == n_steps + 1
    assert eqx.tree_equal(jax.tree.leaves(other), jax.tree.leaves(air))
    noise = jax.random.normal(jax.random.key(2), (5, air.n_noise))
    run, longer = (eqx.filter_jit(a.unroll)(image, noise) for a in (air, other))
    both = min(3, n_steps)
    assert longer.z_where.shape == (n_steps, 3)
    assert np.allclose(longer.z_where[:both], run.z_where[:both], atol=1e-5)
    assert np.allclose(longer.canvases[: both + 1], run.canvases[: both + 1], atol=1e-5)
    assert np.all(np.isfinite(longer.log_likelihoods))


@pytest.mark.parametrize("presence", [-9.0, 0.0, 5.0])
def test_inference_is_the_unroll_at_the_means(air, image, presence):
    """With the early end or without."""
    air = believing(air, presence)
    side = eqx.filter_jit(best_side)(air, image)
    run = eqx.filter_jit(air.unroll)(image, jnp.zeros((3, air.n_noise)), side)
    inferred = eqx.filter_jit(infer)(air, image)
    q = np.exp(count_log_posterior(run.presence_logits))
    assert np.allclose(np.exp(inferred.log_q), q, atol=2e-3)
    n = int(q.argmax())
    assert np.allclose(inferred.z_where[:n], run.z_where[:n], atol=1e-4)
    assert np.allclose(inferred.z_what[:n], run.z_what[:n], atol=1e-4)


def test_inference_ends_early(air, image):
    _, _, steps = eqx.filter_jit(best_steps)(believing(air, -30.0), image)
    z_where = np.asarray(steps.proposal.z_where)
    assert np.all(z_where[1:] == 0) and np.any(z_where[0])


def test_no_side_explains_an_image_better_than_the_best(air, image):
    """Also no side of a plain loop over them, of which the best is one."""
    air = believing(air, 0.5)
    mean = jnp.zeros((3, air.n_noise))

    @eqx.filter_jit
    def score(side):
        run = air.unroll(image, mean, side)
        n = jnp.argmax(count_log_posterior(run.presence_logits))
        kl = jnp.where(jnp.arange(3) < n, run.kl, 0.0).sum()
        return run.log_likelihoods[n] - kl + air.log_prior()[n]

    n_sides = air.where.n_sides
    scores = [score(jnp.float32(2 * np.pi * i / n_sides)) for i in range(n_sides)]
    best = eqx.filter_jit(best_side)(air, image)
    assert float(best) == pytest.approx(2 * np.pi * np.argmax(scores) / n_sides)
    # Sides that all end with the same objects would show nothing.
    assert max(scores) - min(scores) > 1.0


def test_the_recurrent_network_has_no_side(tiny, image):
    air = tiny(image_shape=(1, *SIZE), object_size=0.3)
    noise = jax.random.normal(jax.random.key(4), (3, air.n_noise))
    one, other = (eqx.filter_jit(air.unroll)(image, noise, jnp.float32(side)) for side in (0, 1))
    assert eqx.tree_equal(one, other) and best_side(air, image) == 0.0


def test_gradients_reach_every_weight_and_are_finite(air, image):
    noise = jax.random.normal(jax.random.key(3), (3, air.n_noise))
    for x in (image, jnp.zeros_like(image), jnp.ones_like(image)):
        gradient = eqx.filter_jit(
            eqx.filter_grad(lambda a, x=x: enumerated(a, x, noise, a.log_prior(), 0.5))
        )(air)
        leaves = {jax.tree_util.keystr(k): v for k, v in jax.tree.leaves_with_path(gradient)}
        assert all(np.all(np.isfinite(leaf)) for leaf in leaves.values())
    assert all(np.any(leaf != 0) for leaf in leaves.values())


def test_weights_go_round(air, tmp_path):
    save_weights(air, tmp_path / "m.safetensors")
    back = load_weights(tmp_path / "m.safetensors")
    assert back.config.where_proposal == "difference" and eqx.tree_equal(back, air)


def test_on_a_larger_canvas_it_sees_the_same(air):
    """The middle of a larger image is to it what the small image is, in pixels."""
    height, width = SIZE
    image = blob(20, 15) + blob(45, 25)
    larger = air.with_canvas(2 * height, 2 * width)
    padded = jnp.pad(image, ((0, 0), (height // 2, height // 2), (width // 2, width // 2)))
    windows = []
    for model, seen in ((air, image), (larger, padded)):
        run = model.unroll(seen, jnp.zeros((3, model.n_noise)))
        scale, centre = jax.vmap(model.pose)(run.z_where)
        sides = scale * min(seen.shape[1:])
        windows.append((sides, centre * jnp.array(seen.shape[:0:-1]) / 2, run.presence_logits))
    for small, large in zip(*windows, strict=True):
        # Black squares count for less where objects are smaller beside the image.
        assert np.allclose(small, large, atol=0.01)


def test_a_network_that_sees_the_whole_image_has_one_size(tiny):
    for options in ({}, {"where_proposal": "difference", "mean_place": "regressed"}):
        with pytest.raises(InputError, match="images of one size only"):
            tiny(**options).with_canvas(24, 24)


def test_a_canvas_of_another_ratio_is_refused(air):
    with pytest.raises(InputError, match="in the ratio of 60x40"):
        air.with_canvas(80, 80)
