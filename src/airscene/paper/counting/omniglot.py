"""Omniglot: AIR takes characters apart into pieces like strokes (paper, appendix G, Fig. 9)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int
from scipy import ndimage
from scipy.cluster.vq import kmeans2
from scipy.stats import spearmanr

from airscene.evaluation import ImageRow, image_rows, inference_film
from airscene.evaluation.evaluate import bound_terms
from airscene.evaluation.metrics.strokes import covered, piece_ink, stroke_ink
from airscene.images.sets.omniglot import Characters, load_omniglot
from airscene.inference import Model, load
from airscene.paper.counting.films import inferences
from airscene.paper.result import Result, Row, Rows, described, of_run
from airscene.paper.trained import folder_of, trained, training_row, training_units
from airscene.runs.preset import Preset, run_data
from airscene.runs.presets.images import OMNIGLOT

# Held-out characters in the figure and in the film.
SHOWN = 8

# A pixel brighter than this is ink, where connected pieces are looked for.
INK = 0.25

Pieces = Float[np.ndarray, "pieces height width"]


def omniglot(quickly: bool = False) -> Result:
    """Characters taken apart into pieces (appendix G)."""
    few = {"steps": 100, "evaluate_every": 100, "save_every": 100} if quickly else {}
    seeds = [1] if quickly else [1, 2, 3]
    units = training_units([OMNIGLOT.override(**few)], seeds, omniglot_row)
    return described("omniglot", units, _draw)


def omniglot_row(preset: Preset, runs: Path) -> Row:
    """Return how the inferred counts of held-out characters go with their pen strokes.

    And how their ink does, which any count is to be held against; how the pieces cover the strokes;
    and the bound on the characters of training, which shows how much is learnt by heart.
    """
    row, model = training_row(preset, runs), trained(preset, runs)
    data = preset.data
    characters, seen = (
        load_omniglot(split, data.omniglot, part=data.omniglot_part, image_size=data.image_size)
        for split in ("test", "train")
    )
    prepared = model.prepare(characters.images)[1]
    inferred = model.infer_arrays(prepared)
    counts, ink = inferred.log_q.argmax(axis=1), prepared.sum(axis=(1, 2, 3))
    elbo, training_elbo = (
        float(bound_terms(model, images)["elbo"].mean())
        for images in (prepared, model.prepare(seen.images)[1])
    )
    drawn = np.asarray(jax.vmap(jax.vmap(model.air.draw))(inferred.z_where, inferred.z_what)[0])
    return {
        **row,
        "data": characters.source,
        "characters": len(counts),
        "elbo": elbo,
        "training_elbo": training_elbo,
        **stroke_numbers(characters, counts, drawn[:, :, 0]),
        "rank_correlation": rank_correlation(counts, characters.strokes),
        "ink_rank_correlation": rank_correlation(ink, characters.strokes),
        "partial_rank_correlation": partial_rank_correlation(counts, characters.strokes, ink),
        "mean_count_by_strokes": {
            str(strokes): round(float(counts[characters.strokes == strokes].mean()), 3)
            for strokes in np.unique(characters.strokes)
        },
    }


def stroke_numbers(
    characters: Characters,
    counts: Int[np.ndarray, " n"],
    drawn: Float[np.ndarray, "n steps height width"],
) -> dict[str, float]:
    """Return how pieces cover pen strokes, in the mean over drawings; see `covered`.

    And beside them the F1 of three simple ways to take a drawing apart: not at all, into connected
    pieces of ink, and into as many compact pieces as were inferred, by k-means of its pixels.

    Args:
        characters: The drawings.
        counts: The inferred number of pieces of each.
        drawn: What each piece draws.
    """
    found: dict[str, list[float]] = {}
    for i, (image, count) in enumerate(zip(characters.images / 255.0, counts, strict=True)):
        strokes = stroke_ink(image, characters.paths(i))
        ours = covered(piece_ink(image, drawn[i, :count]), strokes)
        for name, value in ours._asdict().items():
            found.setdefault(f"stroke_{name}", []).append(value)
        for name, pieces in _simple_pieces(image, int(count)):
            found.setdefault(f"{name}_stroke_f1", []).append(covered(pieces, strokes).f1)
    return {name: float(np.mean(values)) for name, values in found.items()}


def _simple_pieces(
    image: Float[np.ndarray, "height width"], count: int
) -> Iterator[tuple[str, Pieces]]:
    """Take a drawing apart without a model: names of ways, and the pieces."""
    yield "whole", image[None]
    labelled: Any = ndimage.label(image > INK, structure=np.ones((3, 3)))
    yield "connected", image * (labelled[0] == np.arange(1, labelled[1] + 1)[:, None, None])
    rows, columns = np.nonzero(image > INK)
    places = np.column_stack([rows, columns]).astype(float)
    # From pixels spread over the drawing, row by row; no cluster ends up empty but by accident.
    first = places[np.linspace(0, len(places) - 1, max(count, 1)).astype(int)]
    _, mine = kmeans2(places, first, minit="matrix")
    pieces = np.zeros((max(count, 1), *image.shape))
    pieces[mine, rows, columns] = image[rows, columns]
    yield "compact", pieces


def rank_correlation(some: np.ndarray, others: np.ndarray) -> float:
    """Return Spearman's rank correlation; 0 where one of both is always the same."""
    if np.ptp(some) == 0 or np.ptp(others) == 0:
        return 0.0
    found: Any = spearmanr(some, others)
    return float(found.statistic)


def partial_rank_correlation(some: np.ndarray, others: np.ndarray, given: np.ndarray) -> float:
    """Return what of the rank correlation of two numbers a third does not explain.

        r_{ab.c} = (r_ab - r_ac r_bc) / sqrt((1 - r_ac^2) (1 - r_bc^2))

    the correlation of what is left of the ranks of both after a regression on those of the third.
    """
    ab, ac, bc = (
        rank_correlation(*pair) for pair in ((some, others), (some, given), (others, given))
    )
    return float((ab - ac * bc) / np.sqrt((1.0 - ac**2) * (1.0 - bc**2)))


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    if not (folder := folder_of(of_run(rows, OMNIGLOT.name)[0], runs)):
        return
    model, images = load(folder), run_data(folder).load("test").images
    assert isinstance(model, Model)
    # Characters from all over the held-out ones, as they lie in the order of the alphabets.
    images = images[np.linspace(0, len(images) - 1, SHOWN).astype(int)]
    scenes = inferences(model, images)
    inference_film(scenes).save(figures / "omniglot-inference.gif")
    drawn = [ImageRow("data", images / 255.0)]
    for step in range(1, model.air.config.n_steps + 1):
        canvases = np.stack([s.canvases[min(step, len(s.windows))] for s in scenes])
        drawn.append(ImageRow(f"step {step}", canvases, [s.windows[:step] for s in scenes]))
    image_rows(drawn).save(figures / "omniglot.png")
