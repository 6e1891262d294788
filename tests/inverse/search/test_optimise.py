"""Direct optimisation: it finds what it starts near, says absent, and counts its renders."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.evaluation.metrics.poses import rotation_errors
from airscene.graphics import ABSENT, Likelihood, PlaneRenderer, RenderPool, SceneBatch
from airscene.inverse.config import InverseConfig, OptimiseConfig
from airscene.inverse.latents import pose_spread
from airscene.inverse.objective.scores import log_likelihoods
from airscene.inverse.search.optimise import draw_starts, optimise

MODEL = InverseConfig(n_types=3, n_slots=1, image_shape=(3, 8, 8))
CONFIG = OptimiseConfig(
    iterations=40, restarts=2, learning_rate=0.05, blur=(2.0, 0.5), sigma=(0.5, 0.1), anneal=0.6
)
SYMMETRY = (1, 4, 3)


class Counting(RenderPool):
    """A pool that counts what it draws."""

    drawn = calls = 0

    def log_likelihoods(self, scenes, *args, **options):
        self.drawn, self.calls = self.drawn + len(scenes), self.calls + 1
        return super().log_likelihoods(scenes, *args, **options)


@pytest.fixture(scope="module")
def case(pool):
    """Scenes, their images, and what was found from starts near them by a pool that counts."""
    types = np.array([0, 1, 2, ABSENT, 2])[:, None]
    rng = np.random.default_rng(0)
    truth = SceneBatch.of(types, rng.uniform(-0.6, 0.6, (5, 1, 3)))
    targets = pool.render(truth)
    near = truth.poses + rng.normal(size=(5, 7, 3)) * [0.1, 0.1, 0.15]
    with Counting(partial(PlaneRenderer, (16, 16)), workers=1) as counting:
        found = optimise(targets, near / pose_spread(MODEL), counting, MODEL, CONFIG)
    return truth, targets, found, counting


def test_it_finds_what_it_starts_near(case):
    truth, _, found, _ = case
    np.testing.assert_array_equal(found.scenes.types, truth.types)
    there = truth.present[:, 0]
    gaps = np.abs(found.scenes.poses - truth.poses)[there, 0]
    # A pixel is 0.125; forward differences alone would end half a step, 0.015, off in x and in y.
    assert gaps[:, :2].max() < 0.007
    for kind in (1, 2):
        rows = truth.types[:, 0] == kind
        a, b = (x.poses[rows, 0, 2] for x in (truth, found.scenes))
        assert rotation_errors(a, b, SYMMETRY[kind]).max() < 2.0
    # Each search of the true type came there, not only the best.
    for row, kind in enumerate(truth.types[:, 0]):
        ended = found.poses[row, found.kinds == kind, :2]
        assert kind == ABSENT or np.abs(ended - truth.poses[row, 0, :2]).max() < 0.06


def test_momentum_finds_it_too(case, pool):
    truth, targets, _, _ = case
    near = truth.poses + np.random.default_rng(1).normal(size=(5, 7, 3)) * [0.1, 0.1, 0.0]
    config = replace(CONFIG, optimiser="momentum", learning_rate=1e-3)
    found = optimise(targets, near / pose_spread(MODEL), pool, MODEL, config)
    np.testing.assert_array_equal(found.scenes.types, truth.types)
    there = truth.present[:, 0]
    assert np.abs(found.scenes.poses - truth.poses)[there, 0, :2].max() < 0.02


def test_scores_are_of_where_the_searches_ended(case, pool):
    _, targets, found, _ = case
    last = Likelihood(CONFIG.blur[1], CONFIG.sigma[1])
    n, searches = found.scores.shape
    scenes = SceneBatch.of(np.tile(found.kinds, n)[:, None], found.poses.reshape(-1, 1, 3))
    which = np.repeat(np.arange(n), searches)
    values = log_likelihoods(pool, scenes, targets, which, last).reshape(n, searches)
    z = found.poses / pose_spread(MODEL)
    density = -0.5 * (z**2).sum(axis=2) - 1.5 * np.log(2 * np.pi) + np.log(0.5 / 3)
    wanted = values + np.where(found.kinds == ABSENT, np.log(0.5), density)
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-5, atol=1e-3)
    best = found.scores.argmax(axis=1)
    np.testing.assert_array_equal(found.scenes.types[:, 0], found.kinds[best])
    np.testing.assert_allclose(found.scenes.poses[:, 0], found.poses[np.arange(n), best])


def test_renders_are_counted(case):
    truth, _, found, counting = case
    # Annealed over 24 of 40 iterations; 6 searches are of an object.
    each = 24 * (1 + 4 * 6) + 16 * (1 + 7 * 6) + 7
    assert found.trace.renders[-1] == each and counting.drawn == each * len(truth)
    assert found.trace.renders[0] == 25 and counting.calls == len(found.trace.renders) == 41


def test_the_trace_ends_in_the_result(case):
    _, _, found, _ = case
    np.testing.assert_array_equal(found.trace.scores[-1], found.scores.max(axis=1))
    np.testing.assert_array_equal(found.trace.scenes[-1].poses, found.scenes.poses)
    starts = found.trace.scenes[0].poses
    assert np.abs(starts - found.scenes.poses).max() > 0.05


def test_starts_are_from_the_prior(pool):
    """Standard normal; the same for a seed; and images are found from them, absent ones as such."""
    starts = draw_starts(400, MODEL, CONFIG)
    assert not starts[:, 0].any()
    drawn = starts[:, 1:].ravel()
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size) and abs(drawn.std() - 1.0) < 0.05
    np.testing.assert_array_equal(starts, draw_starts(400, MODEL, CONFIG))
    blank = np.zeros((3, 16, 16, 3), np.uint8)
    config = OptimiseConfig(iterations=3, restarts=2, blur=(2.0, 0.5), sigma=(0.5, 0.1))
    found = optimise(blank, draw_starts(3, MODEL, config), pool, MODEL, config)
    assert not found.scenes.present.any()


@pytest.mark.parametrize("changes", [{"n_slots": 2}, {"n_cameras": 1}])
def test_only_one_slot_and_a_fixed_camera(pool, changes):
    model = InverseConfig(**{"n_slots": 1, **changes})
    with pytest.raises(InputError, match="one slot and a fixed camera"):
        optimise(np.zeros((1, 16, 16, 3), np.uint8), np.zeros((1, 7, 3)), pool, model, CONFIG)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iterations", 0),
        ("restarts", 0),
        ("learning_rate", 0.0),
        ("anneal", 1.5),
        ("blur", (0.0, 2.0)),
        ("sigma", (1.0, float("inf"))),
        ("seed", -1),
    ],
)
def test_options_out_of_range(field, value):
    with pytest.raises(InputError, match=f"--{field.replace('_', '-')} is .* should be"):
        OptimiseConfig(**{field: value})
