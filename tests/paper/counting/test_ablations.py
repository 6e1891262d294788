"""Each ablation changes what it is named for, and nothing else; all together are the paper's."""

from dataclasses import asdict

from airscene.paper.counting.ablations import SAMPLED, ablations, added, estimated, removed
from airscene.runs.presets.images import FAST
from airscene.runs.presets.paper import AIR_PAPER, PAPER, fast_values

# How long the paper's preset runs is no deviation.
LENGTH = ("steps", "evaluate_every", "save_every", "sigma")


def changed(one, other):
    """The options that differ."""
    parts = [(asdict(getattr(one, p)), asdict(getattr(other, p))) for p in ("model", "training")]
    return {k for a, b in parts for k in a if a[k] != b[k]}


def test_the_papers_preset_is_every_deviation_off():
    ours = {option for values in PAPER.values() for option in values}
    assert changed(FAST, AIR_PAPER) == ours | set(LENGTH)
    back = AIR_PAPER.override(**fast_values(*PAPER))
    assert changed(FAST, back) == set(LENGTH)


def test_each_is_off_by_itself():
    presets = removed()
    assert len(presets) == len(PAPER) + 1
    for name, preset in presets.items():
        what = name.removeprefix("counts sampled, ")
        wanted = set(PAPER.get(what, {})) | ({"estimator"} if what in SAMPLED else set())
        assert changed(FAST, preset) == wanted
    for name, preset in added().items():
        # What only the score function has goes with it.
        also = {option for what in SAMPLED for option in PAPER[what]}
        wanted = set(PAPER.get(name, {})) | (also if name == "counts sampled" else set())
        assert changed(AIR_PAPER, preset) == wanted | {"steps"}
    bare = removed()["no prefix term"]
    allowed = {"estimator", "samples", "sampled_kl", "whole_signal", "purely_neural"}
    assert all(changed(bare, preset) <= allowed for preset in estimated().values())


def test_every_row_has_its_claim():
    made = ablations()
    runs = {unit.run for unit in made.units}
    assert {claim.run for claim in made.claims if claim.run} == runs
    # No two presets share a name, and so a folder.
    units = [(unit.run, unit.seed) for unit in made.units]
    assert len(set(units)) == len(units)
