"""A world of shapes and a preset of it, and the command line for processes that tests kill."""

import dataclasses
import sys
from functools import partial
from pathlib import Path

import pytest

from airscene.app.cli import main
from airscene.graphics import PlaneRenderer, RenderPool, World
from airscene.graphics.world import WORLDS
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.runs import fit as fitting
from airscene.runs.preset import ScenePreset

WORLD = World(
    mjcf="", types=("disc", "square", "triangle"), camera="", n_slots=2, image_size=(16, 16),
    symmetry=(0, 4, 3),
)  # fmt: skip
PRESET = ScenePreset(
    name="tiny",
    about="Shapes on black, hardly trained.",
    world="plane",
    model=InverseConfig.of(WORLD, shrink=2, n_hidden=8),
    training=InverseTrainConfig(steps=5, batch_size=4, evaluate_every=2, save_every=2, seed=3),
    n_test=20,
)
# Long enough to be killed while it trains.
LONG = dataclasses.replace(
    PRESET,
    training=dataclasses.replace(PRESET.training, steps=120, evaluate_every=10, save_every=20),
)


def use_shapes(patch: pytest.MonkeyPatch) -> None:
    """Put the world among those of the paper, watch few of its scenes, draw them by NumPy."""
    patch.setitem(WORLDS, "plane", WORLD)
    patch.setattr("airscene.runs.tasks.rendered.WATCHED", 12)
    draw_with(patch, partial(PlaneRenderer, (16, 16)))


def draw_with(patch: pytest.MonkeyPatch, make, **options) -> None:
    pool = partial(RenderPool, make, workers=1, **options)
    patch.setattr("airscene.runs.tasks.rendered.make_pool", lambda preset, make: pool())


def type_train(patch: pytest.MonkeyPatch, preset: ScenePreset, *options: str) -> int:
    """Type `airscene train tabletop`, of another preset; return the exit status."""
    fit = fitting.fit
    with patch.context() as inner:
        inner.setattr(fitting, "fit", lambda _, *args, **more: fit(preset, *args, **more))
        return main(["train", "tabletop", *options])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with pytest.MonkeyPatch.context() as patch:
        use_shapes(patch)
        resume = ["--resume"] if (folder / "config.json").exists() else []
        sys.exit(type_train(patch, LONG, "--out", str(folder), *resume))
