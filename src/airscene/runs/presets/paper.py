"""The paper's own AIR and DAIR: every deviation of the fast preset switched off."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airscene.runs.presets.images import FAST

# What the paper says of each thing that the fast preset does otherwise (docs/differences.md), in
# the order of a run: the network, the estimator, the training.
PAPER: Mapping[str, Mapping[str, Any]] = {
    "place regressed": {"mean_place": "regressed"},
    "no attention floor": {"attention_floor": False},
    "ink not removed": {"explained_share": 0.0, "ink_input": False},
    "z_what in the state": {"what_input": True},
    "image not pooled": {"square": 1},
    "LSTM of 256 units": {"n_hidden": 256},
    "scale free": {"free_scale": True},
    "counts sampled": {"estimator": "score-baseline"},
    "whole learning signal": {"whole_signal": True},
    "KL sampled": {"sampled_kl": True},
    "baseline purely neural": {"purely_neural": True},
    "learning rate 1e-4, constant": {"learning_rate": 1e-4, "schedule": "constant", "warmup": 0},
    "no prefix term": {"prefix": 0.0},
    "no count penalty": {"count_penalty": 0.0},
    "gradient not clipped": {"clip_norm": 0.0},
}


def paper_values(*names: str) -> dict[str, Any]:
    """Return the options that make some things, by their names in `PAPER`, as in the paper."""
    return {option: value for name in names for option, value in PAPER[name].items()}


def fast_values(*names: str) -> dict[str, Any]:
    """Return the options that make some things as in the fast preset."""
    ours = {**vars(FAST.model), **vars(FAST.training)}
    return {option: ours[option] for option in paper_values(*names)}


AIR_PAPER = replace(
    FAST,
    name="air-paper",
    about="The paper's own AIR, as far as the paper says what it is.",
    example="--seed 2 --out runs/paper",
).override(**paper_values(*PAPER), sigma=0.3, steps=40_000, evaluate_every=1000, save_every=5000)

# What the difference network of the paper has of these, and what it has of its own.
DAIR_PAPER = replace(
    AIR_PAPER,
    name="dair-paper",
    about="The paper's own DAIR: it sees the whole error, has a hidden state and one order.",
    example="--seed 2 --out runs/paper",
).override(
    where_proposal="difference",
    explained_share=1.0,
    ink_input=True,
    what_input=False,
    hidden_state=True,
    all_gradients=True,
    sides=1,
)
