"""Looks never seen: a model trained with random colours and sizes, against one trained without."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import bars, image_rows
from airscene.evaluation.metrics.poses import scene_metrics
from airscene.graphics import Look, LookSpread, SceneBatch
from airscene.inverse.unroll import infer
from airscene.paper.rendered.scene_results import inferred_rows, shown_models, shown_scenes
from airscene.paper.result import Result, Row, Rows, described, numbers, of_run
from airscene.paper.trained import scaled, trained, training_units
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import LOOKS, REPEATS
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

_NOMINAL = LookSpread(size=0.0, colour=0.0)

# What held-out scenes look like. Colours and sizes begin where those of training end, and go half
# as far again; lights and tables are nominal there.
TESTS = {
    "nominal": _NOMINAL,
    "colours": _NOMINAL._replace(colour=0.45),
    "sizes": _NOMINAL._replace(size=0.225),
    "lights": _NOMINAL._replace(light_turn=1.0, brightness=0.3),
    "tables": _NOMINAL._replace(tables=(1, 2, 3)),
    "all": LookSpread(0.225, 0.45, 1.0, 0.3, 0.3, (1, 2, 3)),
}


def robustness(quickly: bool = False) -> Result:
    """What random colours and sizes in training buy on looks never seen (section 3.2)."""
    presets, seeds = scaled(quickly, (1, 2), REPEATS, LOOKS)
    units = training_units(presets, seeds, looks_row, {"tests": TESTS})
    return described("robustness", units, partial(_draw, presets))


def unseen(scenes: SceneBatch, look: LookSpread) -> SceneBatch:
    """Return scenes, of looks drawn with `look`, with sizes and colours beyond those of training.

    What goes no farther than in training stays.
    """
    seen, drawn = LookSpread(), Look.unpack(scenes.look)

    def beyond(x: np.ndarray, most: float, known: float) -> np.ndarray:
        return np.sign(x) * (known + np.abs(x) * (1.0 - known / most)) if most > known else x

    size = beyond(drawn.size, look.size, seen.size)
    colour = beyond(drawn.colour, look.colour, seen.colour)
    return replace(scenes, look=drawn._replace(size=size, colour=colour).pack())


def looks_row(preset: ScenePreset, runs: Path) -> Row:
    """Return how near what a run's model infers of scenes of each look is to the truth."""
    model = trained(preset, runs).air
    row: dict[str, Any] = {"scenes": preset.n_test}
    with make_pool(preset) as pool:
        for name, look in TESTS.items():
            drawn = draw_scenes(replace(preset, look=look), preset.n_test, seed=TEST_SEED)
            truth = unseen(drawn, look)
            inferred = infer(model, pool.render(truth), pool.render)
            measured = scene_metrics(truth, inferred, preset.scenes)
            row |= {f"{name}_{key}": value for key, value in measured.items()}
    return row


def _draw(presets: Sequence[ScenePreset], rows: Rows, runs: Path, figures: Path) -> None:
    names: dict[str, ScenePreset] = dict(
        zip(("trained without", "trained with random looks"), presets, strict=True)
    )
    shares = {
        test: {
            name: numbers(of_run(rows, p.name), f"{test}_count_accuracy")
            for name, p in names.items()
        }
        for test in TESTS
    }
    bars(shares, "count accuracy, held-out scenes", shares=True).save(figures / "robustness.png")
    if models := shown_models(names, rows, runs):
        with make_pool(presets[0]) as pool:
            strange = shown_scenes(replace(presets[0], look=TESTS["all"]))
            lines = {name.replace(" ", "\n", 2): model for name, model in models.items()}
            drawn = inferred_rows(lines, unseen(strange, TESTS["all"]), pool)
        image_rows(drawn).save(figures / "robustness-scenes.png")
