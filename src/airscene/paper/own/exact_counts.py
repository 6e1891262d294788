"""Presence and counts of a scan against exact inference, on scenes small enough for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from airscene.evaluation import bars
from airscene.inference import PatchModel
from airscene.inference.patches.in_images import count_probs, logistic
from airscene.inference.patches.objects import Found, put
from airscene.model.patch.air import PatchAIR
from airscene.paper.result import Result, Row, Rows, Unit, described, numbers, of_run
from airscene.paper.trained import trained
from airscene.runs.preset import MaskedPreset
from airscene.runs.presets.masked import MANY_DIGITS, TETROMINOES, on
from airscene.runs.tasks.masked import named
from airscene.schema import Together

# Held-out scenes, of which those are taken that have candidates few enough.
SCENES, MOST = 100, 10

# Candidates are what a scan accepts at this share of the price.
CHEAPER = 0.1

# What scenes have that are small enough.
SETS: Mapping[str, tuple[MaskedPreset, Mapping[str, Any]]] = {
    "tetrominoes": (TETROMINOES, {}),
    "multi-dsprites": (on("grey"), {}),
    "digits": (MANY_DIGITS, {"counts": (0, 1, 2, 3, 4)}),
}


def exact_counts(quickly: bool = False) -> Result:
    """Presence and counts as the scan has them, against a sum over all subsets of candidates."""
    units = []
    for name, (preset, changes) in SETS.items():
        preset, n = preset.override(seed=1), SCENES
        if quickly:
            few = {"steps": 40, "evaluate_every": 20, "save_every": 20}
            preset, n = preset.override(**few, n_train=200, n_test=20), 4
        said = Together(preset, {**changes, "scenes": n, "most": MOST})
        make = partial(exact_row, preset, {**changes, "n_test": n})
        units.append(Unit(f"exact-{name}", 1, said, make))
    return described("exact-counts", units, _draw, scenes=SCENES, most=MOST)


def exact_row(preset: MaskedPreset, changes: Mapping[str, Any], runs: Path) -> Row:
    """Return how far a scan is from exact inference on held-out scenes."""
    model: PatchModel = trained(preset, runs)
    truth = replace(preset.data, **changes).load("test")
    prepared = model.prepare([image for _, image in named(truth)])[1]
    c = model.air.config
    cheap = model.with_prices(CHEAPER * c.object_price, CHEAPER * c.edge_price)
    presence, apart, right, exact_right, same = [], [], [], [], []
    for count, seen, found, more in zip(
        truth.counts, prepared, model.explain(prepared), cheap.explain(prepared), strict=True
    ):
        if max(len(found.objects), len(more.objects)) > MOST:
            continue
        mine = [logistic(one.net) for one in found.objects]
        exact = marginals(subset_log_weights(model.air, seen.less, found.objects))
        presence += list(np.abs(exact - mine)) if mine else []
        candidates = [_at_full_price(one) for one in more.objects]
        log_weights = subset_log_weights(model.air, seen.less, candidates)
        of_scan = count_probs([*mine, *map(logistic, found.rejected)])
        of_all = counts_of(log_weights)
        n = max(len(of_scan), len(of_all))
        scan_probs, all_probs = (np.pad(p, (0, n - len(p))) for p in (of_scan, of_all))
        apart.append(0.5 * np.abs(scan_probs - all_probs).sum())
        right.append(len(found.objects) == count)
        exact_right.append(of_all.argmax() == count)
        same.append(of_all.argmax() == len(found.objects))
    return {
        "scenes": len(right),
        "left_out": len(truth.counts) - len(right),
        "presence_apart": _mean(presence),
        "count_total_variation": _mean(apart),
        "same_count": _mean(same),
        "count_accuracy": _mean(right),
        "exact_count_accuracy": _mean(exact_right),
    }


def subset_log_weights(
    model: PatchAIR, image: Float[np.ndarray, "channel _ _"], objects: Sequence[Found]
) -> Float[np.ndarray, " subsets"]:
    """Return the log-probability, but for a constant, of each subset of some objects.

        log p(x | the objects of S) - log p(x | none) - sum_{i in S} (KL_i + price_i)

    Objects keep their order and how they are drawn.

    Args:
        model: The model.
        image: The image less its ground, not padded.
        objects: The objects, at most some ten; those below first.

    Returns:
        Bit k of the place is whether object k is there: the first is that of none.
    """
    deficit, composition = model.likelihood.deficit, model.composition
    pad = len(objects[0].mask) if objects else 0
    padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad))).astype(np.float32)
    valid = np.pad(np.ones(image.shape[1:], np.float32), pad)
    canvas, weights = np.zeros_like(padded), np.zeros(2 ** len(objects))

    def visit(k: int, subset: int, weight: float) -> None:
        if k == len(objects):
            weights[subset] = weight
            return
        visit(k + 1, subset, weight)
        one, here = objects[k], (slice(None), *objects[k].square)
        before = canvas[here].copy()
        put(composition, canvas, one)
        lost = deficit(padded[here] - before) - deficit(padded[here] - canvas[here])
        gain = float((valid[one.square] * lost).sum())
        visit(k + 1, subset | 1 << k, weight + gain - one.kl - one.price)
        canvas[here] = before

    visit(0, 0, 0.0)
    return weights


def marginals(log_weights: Float[np.ndarray, " subsets"]) -> Float[np.ndarray, " objects"]:
    """Return the probability of each object, of the log-weights of all subsets."""
    probs, n = _normalised(log_weights), len(log_weights).bit_length() - 1
    subsets = np.arange(len(log_weights))
    return np.array([probs[(subsets >> k) & 1 == 1].sum() for k in range(n)])


def counts_of(log_weights: Float[np.ndarray, " subsets"]) -> Float[np.ndarray, " counts"]:
    """Return the distribution of the number of objects, of the log-weights of all subsets."""
    sizes = [int(subset).bit_count() for subset in range(len(log_weights))]
    return np.bincount(sizes, weights=_normalised(log_weights))


def _normalised(log_weights: np.ndarray) -> np.ndarray:
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def _mean(values: Sequence[float]) -> float | None:
    """The mean; None where no scene is small enough."""
    return float(np.mean(values)) if values else None


def _at_full_price(one: Found) -> Found:
    return replace(one, price=one.price / CHEAPER)


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    shares = {}
    for name in SETS:
        mine = of_run(rows, f"exact-{name}")
        if mine:
            shares[name] = {
                "counts right, scan": numbers(mine, "count_accuracy"),
                "counts right, exact": numbers(mine, "exact_count_accuracy"),
                "same count": numbers(mine, "same_count"),
            }
    bars(shares, "held-out scenes, of 1").save(figures / "exact-counts.png")
