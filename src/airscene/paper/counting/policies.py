"""Learned policies: by what a step chooses where to look (paper, Figs. 3 and 13)."""

from pathlib import Path

from airscene.evaluation import bars, foretell, pairs_taken
from airscene.evaluation.metrics.policy import FOLDS
from airscene.paper.result import Result, Row, Rows, described, of_run
from airscene.paper.trained import scaled, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import FAST, FULL, SPRITES

# What a rule may look at, as `evaluation.policy.pairs_taken` names it.
GROUPS = ("position", "position_quadratic", "class", "size", "all")


def policies(quickly: bool = False) -> Result:
    """Whether place, class or size says which object a step takes."""
    presets = scaled(quickly, (1, 2, 3), *([FAST] if quickly else [FULL, SPRITES]))
    return described("policies", training_units(*presets, policy_row), _draw)


def policy_row(preset: Preset, runs: Path) -> Row:
    """Return how well position, class and size say which of two objects a model takes first.

    The number of pairs, and of each group of features the accuracy and its standard error; without
    these if the model finds two objects too seldom.
    """
    model, held_out = trained(preset, runs), preset.data.load("test")
    inferred = model.infer_arrays(model.prepare(held_out.images)[1])
    pairs = pairs_taken(held_out, inferred.log_q.argmax(axis=1), inferred.boxes)
    n_pairs = len(pairs["position"])
    if n_pairs < FOLDS:
        return {"pairs": n_pairs}
    foretold = {group: foretell(pairs[group]) for group in GROUPS}
    return {
        "pairs": n_pairs,
        **{group: round(rule.accuracy, 4) for group, rule in foretold.items()},
        "standard_error": {g: round(rule.standard_error, 4) for g, rule in foretold.items()},
    }


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    shares = {}
    for run in dict.fromkeys(row["run"] for row in rows):
        ours = of_run(rows, run)
        shares[run] = {
            group.replace("_", ", "): [row[group] for row in ours if group in row]
            for group in GROUPS
        }
    bars(shares, "first of two objects foretold", shares=True).save(figures / "policies.png")
