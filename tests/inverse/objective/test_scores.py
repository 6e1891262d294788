"""What the pool is asked for, against scores of the same scenes one by one."""

import numpy as np
import pytest

from airscene.graphics import (
    ABSENT,
    Likelihood,
    PlaneRenderer,
    SceneBatch,
    Steps,
    combine_differences,
)
from airscene.graphics.differences import plan_differences
from airscene.inverse.latents import pose_spread
from airscene.inverse.objective.scores import score

LIKELIHOOD = Likelihood(0.0, 0.3)


@pytest.fixture(scope="module")
def case(shapes, small):
    """Scenes, the kinds that their slots would have, targets, and a score made by hand."""
    scenes, targets = shapes(6), PlaneRenderer((16, 16)).render(shapes(6, seed=1))
    kinds = np.where(scenes.present, scenes.types, [1, 2])
    q_present = np.random.default_rng(2).uniform(size=kinds.shape)

    def log_p(some, which):
        images = PlaneRenderer((16, 16)).render(some)
        errors = (images.astype(float) - targets[which]) / 255.0
        return -0.5 * np.square(errors / LIKELIHOOD.sigma).sum(axis=(1, 2, 3))

    return scenes, kinds, q_present, targets, small().config, log_p


def alone(scenes, types):
    return SceneBatch.of(types, scenes.poses)


def poses(scenes, types, log_p, config, central):
    """Gradients by z_where of scenes with some types."""
    plan = plan_differences(alone(scenes, types), Steps(), central=central)
    found = combine_differences(plan, log_p(plan.scenes, plan.source))
    return found.poses * pose_spread(config)


@pytest.mark.parametrize("gradient", ["prefix", "whole", "drawn"])
def test_scores(pool, case, gradient):
    scenes, kinds, q_present, targets, config, log_p = case
    rows, types = np.arange(len(scenes)), scenes.types
    found = score(pool, scenes, kinds, q_present, targets, LIKELIHOOD, config, gradient)
    np.testing.assert_allclose(found.total, log_p(scenes, rows), rtol=1e-4)
    for slot in range(2):
        for a in range(4):
            some = types.copy()
            some[:, slot], some[:, slot + 1 :] = a - 1, ABSENT
            exact = log_p(alone(scenes, some), rows) if gradient != "drawn" else 0.0 * rows
            np.testing.assert_allclose(found.table[:, slot, a], exact, rtol=1e-4)
    first = np.stack([kinds[:, 0], np.full(6, ABSENT)], 1)
    last = np.stack([types[:, 0], kinds[:, 1]], 1)
    of_slots = {"drawn": (types, types), "whole": (types, last), "prefix": (first, last)}[gradient]
    wanted = [poses(scenes, some, log_p, config, gradient == "whole") for some in of_slots]
    exact = np.stack([wanted[0][:, 0], wanted[1][:, 1]], 1)
    np.testing.assert_allclose(found.poses, exact, rtol=1e-3, atol=1e-2)
    sampled = {"drawn": 2, "whole": 1, "prefix": 0}[gradient]
    np.testing.assert_allclose(found.weights[:, :sampled], scenes.present[:, :sampled])
    np.testing.assert_allclose(found.weights[:, sampled:], q_present[:, sampled:], rtol=1e-6)
    assert found.camera.shape == (6, 0)
    # Objects that are there and seen have a gradient.
    assert np.abs(exact).max() > 1.0
