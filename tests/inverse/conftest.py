"""Small models, scenes of shapes, and a pool of the renderer in NumPy."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def small():
    """The function that makes small models."""
    from made import make_small

    return make_small


@pytest.fixture(scope="session")
def shapes():
    """The function that makes scenes."""
    from made import make_shapes

    return make_shapes


@pytest.fixture(scope="session")
def pool():
    from made import make_pool

    with make_pool() as pool:
        yield pool
