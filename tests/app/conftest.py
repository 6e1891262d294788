import jax
import numpy as np
import pytest

from airscene.app.cli import main
from airscene.model.air import AIR
from airscene.model.config import AIRConfig
from airscene.model.weights import save_weights

CONFIG = AIRConfig(
    image_shape=(1, 12, 16), n_steps=2, n_what=3, n_cells=4, n_hidden=5, n_features=6, n_layer=7
)


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Untrained weights of a tiny model for images of 12 rows and 16 columns."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(AIR(CONFIG, key=jax.random.key(0)), path)
    return path


@pytest.fixture
def images():
    """Three images of that size."""
    return np.random.default_rng(0).integers(0, 255, (3, 12, 16), np.uint8)


@pytest.fixture
def refused(capsys):
    """Runs a command that should be refused, and returns the one line that says why."""

    def run(*arguments):
        status = main([str(a) for a in arguments])
        said = capsys.readouterr()
        assert status == 2
        assert said.out == ""
        assert said.err.startswith("airscene: ")
        assert said.err.count("\n") == 1, said.err
        return said.err

    return run
