"""Scenes, and whether there is OpenGL."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.graphics import SceneBatch

# Worker processes get this path, so that they can import renderers from `faulty`.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def opengl() -> None:
    """Skips where MuJoCo cannot draw, saying what is missing."""
    if importlib.util.find_spec("mujoco") is None:
        pytest.skip("mujoco is not installed (pip install 'airscene[3d]')")
    from airscene.graphics.mujoco.context import make_context

    try:
        make_context(16, 16).free()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def plane_scenes():
    """A function that makes random scenes for `PlaneRenderer`."""

    def make(n: int, slots: int = 3, seed: int = 0) -> SceneBatch:
        rng = np.random.default_rng(seed)
        types = rng.integers(-1, 3, (n, slots))
        return SceneBatch.of(types, rng.uniform(-0.7, 0.7, (n, slots, 3)))

    return make
