"""Small models, and a pool of the renderer in NumPy."""

from functools import partial

import jax
import numpy as np
import pytest

from airscene.graphics import PlaneRenderer, RenderPool, SceneBatch


@pytest.fixture(scope="session")
def small():
    """A function that makes a model quick to compile; any field of its config can be changed."""
    from airscene.inverse.config import InverseConfig
    from airscene.inverse.model import InverseAIR

    def build(seed: int = 0, **changes) -> InverseAIR:
        fields = {"n_types": 3, "n_slots": 2, "image_shape": (3, 8, 8), "n_hidden": 8, **changes}
        return InverseAIR(InverseConfig(**fields), key=jax.random.key(seed))

    return build


@pytest.fixture(scope="session")
def pool():
    with RenderPool(partial(PlaneRenderer, (16, 16)), workers=1) as pool:
        yield pool


@pytest.fixture(scope="session")
def shapes():
    """A function that makes scenes of shapes, as `sample_scenes` makes those of a world."""

    def make(n: int, seed=0, slots: int = 2) -> SceneBatch:
        rng = np.random.default_rng(seed)
        types = rng.integers(-1, 3, (n, slots))
        return SceneBatch.of(types, rng.uniform(-0.7, 0.7, (n, slots, 3)))

    return make
