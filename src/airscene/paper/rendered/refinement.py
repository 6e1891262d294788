"""Refinement: what networks infer in 3-D, and what a search by rendering makes of it."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from airscene.evaluation import ImageRow, image_rows
from airscene.evaluation.metrics.poses import match, rotation_errors, scene_metrics
from airscene.graphics import SceneBatch, World
from airscene.inverse.search.refine import refine, score_by
from airscene.inverse.unroll import infer
from airscene.paper.rendered.scene_results import first_model, shown_scenes
from airscene.paper.result import Result, Row, Rows, described, numbers, of_run
from airscene.paper.trained import scaled, trained, training_units
from airscene.runs.preset import ScenePreset
from airscene.runs.presets.rendered import CAMERA, REPEATS, SINGLE
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

# Degrees off that a rotation is right within.
RIGHT = 15.0

# What is measured: scenes as the network infers them, and refined.
KINDS = ("network", "refined")


def _nearer(rows: Rows) -> float | None:
    """The position error of refined scenes in that of the network's: the largest of all models."""
    pairs = [
        [numbers(of_run(rows, p.name), f"{kind}_position_error") for kind in ("refined", "network")]
        for p in (SINGLE, REPEATS, CAMERA)
    ]
    return max(r[0] / n[0] for r, n in pairs) if all(r and n for r, n in pairs) else None


def refinement(quickly: bool = False) -> Result:
    """Poses that networks infer in 3-D, refined by rendering (not in the paper)."""
    presets, seeds = scaled(quickly, (1,), SINGLE, REPEATS, CAMERA)
    units, drawing = training_units(presets, seeds, refined_row), partial(_draw, presets[1])
    return described("refinement", units, drawing, {"nearer": _nearer}, right=RIGHT)


def refined_row(preset: ScenePreset, runs: Path) -> Row:
    """Return how near what a run's model infers of held-out scenes is, and what refinement adds."""
    model, drawn = trained(preset, runs).air, []
    with make_pool(preset) as pool:
        truth = draw_scenes(preset, preset.n_test, seed=TEST_SEED)
        images = pool.render(truth)
        score = score_by(pool, images, preset.training.likelihood)

        def counted(scenes, which):
            drawn.append(len(scenes))
            return score(scenes, which)

        inferred = infer(model, images, pool.render)
        began = time.perf_counter()
        refined = refine(inferred, counted, preset.scenes)
        seconds = time.perf_counter() - began
        row: dict[str, Any] = {"scenes": preset.n_test}
        for name, scenes in zip(KINDS, (inferred, refined), strict=True):
            off = (np.float32(pool.render(scenes)) - images) / 255.0
            measured = scene_metrics(truth, scenes, preset.scenes)
            measured["reconstruction_error"] = float(np.square(off).mean())
            measured["turned_right"] = _turned_right(truth, scenes, preset.scenes)
            row |= {f"{name}_{key}": value for key, value in measured.items()}
    return {
        **row,
        "renders_an_image": sum(drawn) / preset.n_test,
        "milliseconds_an_image": 1e3 * seconds / preset.n_test,
    }


def _turned_right(truth: SceneBatch, found: SceneBatch, world: World) -> float:
    """Share of objects within `RIGHT` of their rotation, of those whose type was found."""
    scenes, true, guessed = match(truth, found, world)
    kinds, right = truth.types[scenes, true], []
    for kind, symmetry in enumerate(world.symmetry):
        rows = (kinds == kind) & (found.types[scenes, guessed] == kind) & (symmetry > 0)
        if rows.any():
            a, b = (s.poses[scenes, k, 2][rows] for s, k in ((truth, true), (found, guessed)))
            right.append(rotation_errors(a, b, symmetry) < RIGHT)
    return float(np.concatenate(right).mean()) if right else 0.0


def _draw(preset: ScenePreset, rows: Rows, runs: Path, figures: Path) -> None:
    model = first_model(preset, rows, runs)
    if model is None:
        return
    with make_pool(preset) as pool:
        images = pool.render(shown_scenes(preset))
        inferred = infer(model, images, pool.render)
        score = score_by(pool, images, preset.training.likelihood)
        refined = refine(inferred, score, preset.scenes)
        drawn = {"data": images, "network": pool.render(inferred), "refined": pool.render(refined)}
    rows_of_images = [ImageRow(name, some / 255.0) for name, some in drawn.items()]
    image_rows(rows_of_images).save(figures / "refinement.png")
