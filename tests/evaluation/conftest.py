"""Scenes to draw: two of digits in grey, and the same in colour."""

import numpy as np
import pytest

from airscene.evaluation import Stage
from airscene.images import load_digits, multi_mnist


@pytest.fixture(scope="session", params=["grey", "colour"])
def images(request) -> np.ndarray:
    """[8, 50, 50] or [8, 50, 50, 3], in [0, 1]."""
    grey = multi_mnist(load_digits("test", "bundled"), 8, seed=1, counts=(1, 2)).images / 255
    if request.param == "grey":
        return grey
    return np.stack([grey, 1 - grey, np.full_like(grey, 0.3)], axis=-1)


@pytest.fixture
def make_stage(images):
    """A function of the training step: a model that gets better, its windows wandering."""

    def make(step: int) -> Stage:
        rng = np.random.default_rng(step)
        share = step / (step + 100)
        centres = rng.uniform(5, 45, (len(images), 3, 1, 2))
        windows = (centres + [[-9], [9]]).reshape(-1, 3, 4)
        return Stage(step, share, share * images, windows, rng.integers(0, 4, len(images)))

    return make
