"""Small models, scenes of shapes and short runs, for tests and for the process that one kills."""

import dataclasses
import sys
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest

from airscene.graphics import PlaneRenderer, RenderPool, SceneBatch
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.train import train_inverse
from airscene.training.record import read_metrics

CONFIG = InverseTrainConfig(
    steps=8, batch_size=4, evaluate_every=2, save_every=4, blur=(3.0, 0.5), prefix=0.5
)
LONG = dataclasses.replace(CONFIG, steps=40)


def make_small(seed: int = 0, **changes) -> InverseAIR:
    """A model quick to compile; any field of its config can be changed."""
    fields = {"n_types": 3, "n_slots": 2, "image_shape": (3, 8, 8), "n_hidden": 8, **changes}
    return InverseAIR(InverseConfig(**fields), key=jax.random.key(seed))


def make_shapes(n: int, seed=0, slots: int = 2) -> SceneBatch:
    """Scenes of shapes, as `sample_scenes` makes those of a world."""
    rng = np.random.default_rng(seed)
    types = rng.integers(-1, 3, (n, slots))
    return SceneBatch.of(types, rng.uniform(-0.7, 0.7, (n, slots, 3)))


def make_pool() -> RenderPool:
    return RenderPool(partial(PlaneRenderer, (16, 16)), workers=1)


def rows(folder: Path) -> list[dict]:
    """What a run recorded, without what depends on the clock."""
    timing = ("seconds", "images_per_second")
    found = read_metrics(folder / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k not in timing} for row in found]


def check_resumes(go, pool: RenderPool, tmp_path: Path) -> None:
    """A run that dies goes on as if it had not: the same model, the same records."""
    whole = go(pool, tmp_path / "a")
    assert not eqx.tree_equal(whole, make_small(network="difference"))

    def die(model, step):
        if step == 6:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        go(pool, tmp_path / "b", evaluate=die)
    assert eqx.tree_equal(go(pool, tmp_path / "b", resume=True), whole)
    assert rows(tmp_path / "a") == rows(tmp_path / "b") and len(rows(tmp_path / "a")) == 4


def go(pool: RenderPool, folder: Path, config=CONFIG, **options) -> InverseAIR:
    """A short run of the difference network, from the start or resumed."""
    options = {"folder": folder, "evaluate": lambda model, step: {}, **options}
    return train_inverse(make_small(network="difference"), make_shapes, pool, config, **options)


if __name__ == "__main__":
    with make_pool() as pool:
        go(pool, Path(sys.argv[1]), LONG)
