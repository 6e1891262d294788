"""What every test shares: the CPU, run-time checks of shapes and types, repeatable examples."""

import gc
import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Tests compile much and run little: quick compilation is worth more than quick code.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

# What one process compiled, the others read: workers, and the commands that tests start.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")

import hypothesis
import jaxtyping
import pytest

hypothesis.settings.register_profile("airscene", derandomize=True, deadline=None)
hypothesis.settings.load_profile("airscene")

# Before any module of the package is imported: modules imported earlier would go unchecked.
jaxtyping.install_import_hook("airscene", "beartype.beartype")

# Tracing makes many objects and few cycles: seldom looked for, they cost a tenth less time.
gc.set_threshold(100_000, 20, 20)


# A process may map so many pieces of memory, of which each compiled function has some; Linux allows
# 65,530.
MAPS = 30_000


@pytest.fixture(scope="module", autouse=True)
def few_maps():
    """Forget what is compiled before there is more of it than one process may hold."""
    yield
    maps = Path("/proc/self/maps")
    if maps.is_file() and len(maps.read_bytes().splitlines()) > MAPS:
        import jax

        jax.clear_caches()


@pytest.fixture(scope="session")
def tiny():
    """A function that makes a model quick to compile; any field of its config can be changed."""
    import jax

    from airscene.model.air import AIR, AIRConfig

    small = {"n_what": 2, "n_cells": 4, "n_hidden": 8, "n_features": 8, "n_layer": 8}

    def build(seed: int = 0, **changes) -> AIR:
        config = AIRConfig(**{"image_shape": (1, 12, 12), "object_size": 0.5, **small, **changes})
        return AIR(config, key=jax.random.key(seed))

    return build
