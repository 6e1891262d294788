"""Sprites: AIR counts shapes that overlap, of one colour too (paper, appendix H, Figs. 10-13)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from airscene.paper.quick import quick
from airscene.paper.result import Result, Row, Unit, of_run, spread
from airscene.paper.trained import count_lines, draw_training, trained, training_row
from airscene.runs.preset import Preset
from airscene.runs.presets.sprites import SPRITES, SPRITES_DAIR

# Held-out scenes of two sprites of one kind, and what they share of the smaller one at least.
OVERLAPPING, SHARE = 2000, 0.5


def sprites(quickly: bool = False) -> Result:
    """Sprites that overlap and add up (appendix H)."""
    presets, seeds = [SPRITES, SPRITES_DAIR], (1, 2, 3)
    if quickly:
        presets, seeds = [quick(preset) for preset in presets], (1,)
    presets = [preset.override(seed=seed) for preset in presets for seed in seeds]
    return Result(
        name="sprites",
        about=(
            "Coloured shapes that add up where they overlap (Figs. 10 to 13), with AIR and DAIR; "
            "apart from the rest, scenes of two sprites of one kind that share half of the smaller "
            "one or more."
        ),
        paper="Counts near 100% in the plot of Fig. 11, overlapping sprites of one kind included",
        targets="99% of counts in every run, on the overlapping scenes too",
        units=tuple(Unit(p.name, p.training.seed, p, partial(sprites_row, p)) for p in presets),
        ours=_ours,
        draw=draw_training,
    )


def sprites_row(preset: Preset, runs: Path) -> dict[str, Any]:
    """Return what a run reached, and its counts on scenes where sprites of one kind overlap."""
    row, model = training_row(preset, runs), trained(preset, runs)
    # Here, as it imports more than the command line's help should wait for.
    from airscene.images.sets.sprites import sprites as scenes_of_sprites

    # A seed that neither the training scenes nor the held-out ones have.
    hard = scenes_of_sprites(OVERLAPPING, seed=10**6, counts=(2,), least_overlap=SHARE)
    counts = model.infer_arrays(model.prepare(hard.images)[1]).log_q.argmax(axis=1)
    return {
        **row,
        "overlapping_scenes": OVERLAPPING,
        "overlapping_count_accuracy": float((counts == 2).mean()),
    }


def _ours(rows: Sequence[Row]) -> str:
    runs = dict.fromkeys(row["run"] for row in rows)
    hard = {run: spread(of_run(rows, run), "overlapping_count_accuracy") for run in runs}
    overlapping = ", ".join(f"{run} {counts}" for run, counts in hard.items())
    return f"{count_lines(rows)}; where two of one kind share half or more: {overlapping}"
