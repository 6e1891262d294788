"""Omniglot: AIR takes characters apart into pieces like strokes (paper, appendix G, Fig. 9)."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from airscene.evaluation import ImageRow, image_rows
from airscene.evaluation.evaluate import bound_terms
from airscene.images.sets.omniglot import load_omniglot
from airscene.inference import Model, load
from airscene.paper.counting.films import inferences
from airscene.paper.result import Result, Row, Rows, described, of_run
from airscene.paper.trained import folder_of, trained, training_row, training_units
from airscene.runs.preset import Preset, run_data
from airscene.runs.presets.images import OMNIGLOT

# Held-out characters in the figure.
SHOWN = 8


def omniglot(quickly: bool = False) -> Result:
    """Characters taken apart into pieces (appendix G)."""
    few = {"steps": 100, "evaluate_every": 100, "save_every": 100} if quickly else {}
    units = training_units([OMNIGLOT.override(**few)], [1], omniglot_row)
    return described("omniglot", units, _draw)


def omniglot_row(preset: Preset, runs: Path) -> Row:
    """Return how the inferred counts of held-out characters go with their pen strokes.

    And how their ink does, which any count is to be held against; and the bound on the characters
    of training, which shows how much is learnt by heart.
    """
    row, model = training_row(preset, runs), trained(preset, runs)
    characters, seen = (
        load_omniglot(split, preset.data.omniglot, image_size=preset.data.image_size)
        for split in ("test", "train")
    )
    prepared = model.prepare(characters.images)[1]
    counts = model.infer_arrays(prepared).log_q.argmax(axis=1)
    ink = prepared.sum(axis=(1, 2, 3))
    elbo, training_elbo = (
        float(bound_terms(model, images)["elbo"].mean())
        for images in (prepared, model.prepare(seen.images)[1])
    )
    return {
        **row,
        "data": characters.source,
        "characters": len(counts),
        "elbo": elbo,
        "training_elbo": training_elbo,
        "rank_correlation": _rank_correlation(counts, characters.strokes),
        "ink_rank_correlation": _rank_correlation(ink, characters.strokes),
        "mean_count_by_strokes": {
            str(strokes): round(float(counts[characters.strokes == strokes].mean()), 3)
            for strokes in np.unique(characters.strokes)
        },
    }


def _rank_correlation(some: np.ndarray, others: np.ndarray) -> float:
    found: Any = spearmanr(some, others)
    return float(found.statistic)


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    if not (folder := folder_of(of_run(rows, OMNIGLOT.name)[0], runs)):
        return
    model, images = load(folder), run_data(folder).load("test").images
    assert isinstance(model, Model)
    # Characters from all over the held-out ones, as they lie in the order of the alphabets.
    images = images[np.linspace(0, len(images) - 1, SHOWN).astype(int)]
    scenes = inferences(model, images)
    drawn = [ImageRow("data", images / 255.0)]
    for step in range(1, model.air.config.n_steps + 1):
        canvases = np.stack([s.canvases[min(step, len(s.windows))] for s in scenes])
        drawn.append(ImageRow(f"step {step}", canvases, [s.windows[:step] for s in scenes]))
    image_rows(drawn).save(figures / "omniglot.png")
