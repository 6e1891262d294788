"""Occam's razor: what a prior over counts makes an object cost, and what it buys (section 3.1)."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from airscene.evaluation.metrics.splits import mistakes
from airscene.images import LabelledScenes
from airscene.inference import Model, load
from airscene.model.bundled import bundled_models
from airscene.model.counts import count_log_prior
from airscene.paper.counting.generalisation import measure
from airscene.paper.counting.occam_figures import draw_occam
from airscene.paper.counting.prices import priced, without_prior, worths
from airscene.paper.result import Result, Row, Unit, described
from airscene.paper.trained import quick, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FAST, FULL

# Of the geometric prior, p(n) proportional to rho^n. An object costs -log rho: 13.8 to 0.7 nats.
# The last is a control, no razor: up to N, there may be any rho, and each object earns 9.2 nats.
RHOS = (1e-6, 1e-4, 1e-2, 0.1, 0.5, 1e4)

# Priors of other kinds: two of mean 1, as the data have, and one that is nearly theirs.
OTHERS = {
    "binomial": "binomial(0.33)",
    "poisson": "poisson(1.0)",
    "table": "table(1,1,1,0.01)",
}

# What an object costs where only the prior in the bound changes, in nats: from less than nothing,
# which the KL of an object outweighs at first, to more than any digit is worth.
PRICES = np.concatenate([-np.geomspace(30.0, 0.3, 14), np.geomspace(0.3, 2000.0, 40)])

# Largest counts N that the bundled weights are given.
STEPS = range(1, 13)

# Held-out scenes for these, and of the quick version.
SCENES, QUICK = 2000, 60

BUNDLED = {FULL.name: FULL, DAIR.name: DAIR}


def with_rho(rho: float) -> Preset:
    """Return the fast preset with p(n) proportional to rho^n, which may be its own prior."""
    powers = ",".join(f"{rho**n:g}" for n in range(FAST.model.n_steps + 1))
    prior = f"geometric({rho:g})" if rho < 1 else f"table({powers})"
    return FAST if prior == FAST.model.count_prior else _with_prior(f"rho-{rho:g}", prior)


def _with_prior(name: str, prior: str) -> Preset:
    model = replace(FAST.model, count_prior=prior)
    return replace(FAST, name=f"occam-{name}", model=model)


def occam(quickly: bool = False) -> Result:
    """Counts against rho and against N, and with priors of other kinds."""
    rhos = {rho: with_rho(rho).name for rho in (RHOS[:1] if quickly else RHOS)}
    presets = [with_rho(rho) for rho in rhos]
    presets += [] if quickly else [_with_prior(*other) for other in OTHERS.items()]
    presets = [quick(preset) for preset in presets] if quickly else presets
    units = training_units(presets, [1], trained_row)
    most, scenes = (3, QUICK) if quickly else (max(STEPS), SCENES)
    for name, file in bundled_models().items():
        if name in BUNDLED:
            said = {
                "weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "largest_n": most,
                "scenes": scenes,
                "others": OTHERS,
                "prices": PRICES.tolist(),
            }
            units += (Unit(name, 0, said, partial(bundled_row, name, most, scenes)),)
    return described("occam", units, partial(draw_occam, rhos))


def trained_row(preset: Preset, runs: Path) -> Row:
    """Return how a preset's model counts and bounds 0 to 2 digits, and 3 that it has never seen.

    And what the mistakes are, and what digits and spare objects are worth.
    """
    model, seen = trained(preset, runs), preset.data.load("test")
    three = replace(preset.data, counts=(3,), n_test=min(SCENES, preset.data.n_test)).load("test")
    return {
        **measure(model, seen, "seen"),
        **mistaken(model, seen, "seen"),
        **measure(model, three, "three"),
        **mistaken(model, three, "three"),
        **worths(without_prior(model, seen.images), seen.counts),
    }


def bundled_row(name: str, most: int, n_scenes: int, _: Path) -> Row:
    """Return how bundled weights count 0 to 2 digits with N = 1, 2, .. steps, never trained anew.

    And which count has the highest bound with other priors, N being that of training.
    """
    model = load(name)
    assert isinstance(model, Model)
    seen = replace(BUNDLED[name].data, n_test=n_scenes).load("test")
    row: dict[str, Any] = {}
    for n in range(1, most + 1):
        row |= mistaken(model.with_steps(n), seen, f"n_{n}")
    worth = without_prior(model, seen.images)
    best = [priced(worth, price) for price in PRICES]
    for kind, prior in OTHERS.items():
        counts = (worth + count_log_prior(prior, worth.shape[1] - 1)).argmax(axis=1)
        row |= errors(counts, seen.counts, kind)
    return {
        **row,
        **worths(worth, seen.counts),
        "prices": PRICES.tolist(),
        **{
            f"price_{key}": [errors(counts, seen.counts, "it")[f"it_{key}"] for counts in best]
            for key in ("count_accuracy", "more", "fewer")
        },
        "price_mean_count": [
            [float(counts[seen.counts == n].mean()) for n in np.unique(seen.counts)]
            for counts in best
        ],
    }


def errors(
    counts: Int[np.ndarray, " n"], true: Int[np.ndarray, " n"], name: str
) -> dict[str, float]:
    """Return the share of scenes that are counted right, and of those counted more or fewer."""
    return {
        f"{name}_count_accuracy": float(np.mean(counts == true)),
        f"{name}_more": float(np.mean(counts > true)),
        f"{name}_fewer": float(np.mean(counts < true)),
    }


def mistaken(model: Model, scenes: LabelledScenes, name: str) -> dict[str, float]:
    """Return the same of what a model infers, and the shares of scenes with each mistake."""
    inferred = model.infer_arrays(model.prepare(scenes.images)[1])
    counts = inferred.log_q.argmax(axis=1)
    found = mistakes(scenes.boxes, counts, inferred.boxes)
    shares = {f"{name}_{kind}": float(np.mean(n > 0)) for kind, n in found._asdict().items()}
    return {**errors(counts, scenes.counts, name), **shares}
