"""Finite differences against a gradient that is written down, on the renderer that has one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.graphics import (
    PlaneRenderer,
    SceneBatch,
    Steps,
    combine_differences,
    concatenate,
    plan_alternatives,
    plan_differences,
)
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.graphics.plane import COLOURS, EDGE, SIZE
from airscene.graphics.step_curve import gradients, step_curve

SIDE, BLUR, SIGMA = 48, 2.0, 0.1


@jax.jit
def draw(types, poses):
    """The image of one scene of `PlaneRenderer`, from its definition, for JAX to differentiate."""
    pixel = (jnp.arange(SIDE) + 0.5) / (SIDE / 2.0) - 1.0
    image = jnp.zeros((SIDE, SIDE, 3))
    for kind, (x, y, angle) in zip(types, poses, strict=True):
        dx, dy = pixel[None, :] - x, -pixel[:, None] - y
        u = dx * jnp.cos(angle) + dy * jnp.sin(angle)
        v = dy * jnp.cos(angle) - dx * jnp.sin(angle)
        # Not jnp.maximum: compiled, its gradient compares numbers that were rounded differently.
        across, up, slanted = jnp.abs(u), jnp.abs(v), v / 2.0 + 0.75**0.5 * jnp.abs(u)
        square = jnp.where(across > up, across, up)
        triangle = jnp.where(-v > slanted, -v, slanted)
        outside = jnp.stack([jnp.hypot(u, v), square, triangle])[kind]
        cover = (kind >= 0) * jax.nn.sigmoid((SIZE - outside) * SIDE / 2.0 / EDGE)[..., None]
        image = (1.0 - cover) * image + cover * jnp.asarray(COLOURS)[kind]
    return image


draw_slopes = jax.jit(jax.jacfwd(draw, 1))


def exact_gradient(types, poses, target):
    """The gradient of one scene's blurred log-likelihood, the blur a matrix in float64."""
    basis = blur_basis(SIDE, BLUR).astype(float)
    image, slopes = (np.asarray(f(types, poses), float) for f in (draw, draw_slopes))
    errors = np.einsum("ab,bcd,ec->aed", basis, image - target, basis, optimize=True)
    slopes = np.einsum("ab,bcdij,ec->aedij", basis, slopes, basis, optimize=True)
    return -np.tensordot(errors, slopes, 3) / SIGMA**2


@pytest.fixture(scope="module")
def case():
    """Scenes, the scores of any others against their neighbours' images, and exact gradients."""
    rng = np.random.default_rng(0)
    types = np.array([[0, 1, 2], [2, 0, -1], [1, -1, 0], [-1, 2, 1], [0, 0, 1], [-1, -1, -1]])
    truth = SceneBatch.of(types, rng.uniform(-0.5, 0.5, (6, 3, 3)))
    scenes = SceneBatch.of(types, truth.poses + rng.normal(size=(6, 3, 3)) * 0.1)
    renderer, basis = PlaneRenderer((SIDE, SIDE)), blur_basis(SIDE, BLUR)
    targets = renderer.render(truth)
    frequencies = blurred(targets, basis, basis)

    def score(some, which):
        drawn = blurred(renderer.render(some), basis, basis)
        return log_likelihoods(drawn, frequencies, which, SIGMA, targets[0].size)

    of_scenes = zip(types, scenes.poses, targets / 255.0, strict=True)
    exact = np.stack([exact_gradient(*scene) for scene in of_scenes])
    return scenes, score, exact


@pytest.mark.parametrize(("central", "step", "error"), [(True, 0.01, 0.015), (False, 0.005, 0.05)])
def test_against_the_exact_gradient(case, central, step, error):
    scenes, score, exact = case
    found = gradients(score, scenes, Steps(step, step, step), central=central)
    assert np.linalg.norm(found.poses - exact) < error * np.linalg.norm(exact)
    assert not found.poses[~scenes.present].any()
    assert np.array_equal(found.values, score(scenes, np.arange(6)))


def test_eight_bits_lose_tiny_steps(case):
    scenes, score, _ = case
    exact = gradients(score, scenes, Steps(0.02, 0.02, 0.02), central=True)
    forward = step_curve(score, exact, scenes, [1e-5, 0.02, 0.1])
    central = step_curve(score, exact, scenes, [0.1], central=True)
    assert forward.position[0] < 0.9 < 0.98 < forward.position[1]
    assert forward.position[2] < forward.position[1] and central.position[0] > forward.position[2]
    assert forward.rotation[0] < forward.rotation[1] and np.isnan(forward.camera).all()


def test_a_plan_moves_one_coordinate_of_what_is_there():
    scenes = SceneBatch.of(
        np.array([[1, -1], [-1, 0]]), np.full((2, 2, 3), 0.5), np.array([[0.2], [-0.3]])
    )
    plan = plan_differences(scenes, Steps(0.1, 0.2, 0.4), central=True)
    assert plan.source.tolist() == [0, 1, *[0] * 4, *[1] * 4, *[0] * 4, *[1] * 4]
    assert plan.coordinate.tolist() == [0, 1, 2, 6, 3, 4, 5, 6]
    np.testing.assert_allclose(plan.step, 2 * np.array([0.1, 0.1, 0.2, 0.4] * 2))
    moved = plan.scenes
    assert np.array_equal(moved.types, scenes.types[plan.source])
    assert (
        (moved.poses != 0.5).sum(axis=(1, 2))
        + (moved.camera != scenes.camera[plan.source]).sum(axis=1)
    ).tolist() == [0, 0, *[1] * 16]


def test_only_what_is_wanted_is_moved():
    scenes = SceneBatch.of(
        np.array([[1, -1], [-1, 0]]), np.full((2, 2, 3), 0.5), np.array([[0.2], [-0.3]])
    )
    where = np.zeros((2, 7), bool)
    where[:, :2] = where[1, 6] = True
    plan = plan_differences(scenes, Steps(), where=where)
    assert plan.source.tolist() == [0, 1, 0, 0, 1] and plan.coordinate.tolist() == [0, 1, 6]
    nothing = plan_differences(scenes, Steps(), where=np.zeros((2, 7), bool))
    found = combine_differences(nothing, np.array([1.0, 2.0]))
    assert found.values.tolist() == [1.0, 2.0] and not found.poses.any() and not found.camera.any()


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(0, 2), st.booleans())
def test_the_gradient_of_a_linear_score_is_exact(seed, slots, cameras, central):
    rng = np.random.default_rng(seed)
    types = rng.integers(-1, 3, (5, slots))
    scenes = SceneBatch.of(types, rng.normal(size=(5, slots, 3)), rng.normal(size=(5, cameras)))
    poses, camera = rng.normal(size=(5, slots, 3)), rng.normal(size=(5, cameras))
    plan = plan_differences(scenes, Steps(), central=central)
    there, source = plan.scenes.present[..., None], plan.source
    values = (plan.scenes.poses * poses[source] * there).sum(axis=(1, 2))
    values += (plan.scenes.camera * camera[source]).sum(axis=1)
    found = combine_differences(plan, values)
    np.testing.assert_allclose(found.poses, poses * scenes.present[..., None], atol=1e-10)
    np.testing.assert_allclose(found.camera, camera, atol=1e-10)
    assert np.array_equal(found.values, values[:5])


def test_alternatives_change_one_slot():
    scenes = SceneBatch.of(np.array([[1, 2], [-1, 0]]), np.random.default_rng(0).random((2, 2, 3)))
    plan = plan_alternatives(scenes, 1, 3)
    assert plan.scenes.types.tolist() == [
        [1, -1], [1, 0], [1, 1], [1, 2], [-1, -1], [-1, 0], [-1, 1], [-1, 2],
    ]  # fmt: skip
    assert np.array_equal(plan.scenes.poses, scenes.poses[plan.source])
    table = plan.table(np.arange(8.0))
    assert table.tolist() == [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    both = concatenate([scenes, plan.scenes])
    assert len(both) == 10 and np.array_equal(both[2:].types, plan.scenes.types)


@pytest.mark.parametrize("changes", [{"position": 0.0}, {"rotation": -0.1}, {"camera": np.nan}])
def test_steps_that_cannot_be(changes):
    scenes = SceneBatch.of(np.zeros((1, 1), int), np.zeros((1, 1, 3)))
    with pytest.raises(InputError, match="each step should be a number above 0"):
        plan_differences(scenes, Steps(**changes))
