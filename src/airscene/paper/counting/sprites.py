"""Sprites: AIR counts shapes that overlap, of one colour too (paper, appendix H, Figs. 10-13)."""

from pathlib import Path

from airscene.images.sets.sprites import sprites as scenes_of_sprites
from airscene.paper.result import Result, Row, described
from airscene.paper.trained import draw_training, scaled, trained, training_row, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import SPRITES, SPRITES_DAIR

# Held-out scenes of two sprites of one kind, and what they share of the smaller one at least.
OVERLAPPING, SHARE = 2000, 0.5


def sprites(quickly: bool = False) -> Result:
    """Sprites that overlap and add up (appendix H)."""
    presets = scaled(quickly, (1, 2, 3), SPRITES, SPRITES_DAIR)
    return described("sprites", training_units(*presets, sprites_row), draw_training)


def sprites_row(preset: Preset, runs: Path) -> Row:
    """Return what a run reached, and its counts on scenes where sprites of one kind overlap."""
    row, model = training_row(preset, runs), trained(preset, runs)
    # A seed that neither the training scenes nor the held-out ones have.
    hard = scenes_of_sprites(OVERLAPPING, seed=10**6, counts=(2,), least_overlap=SHARE)
    counts = model.infer_arrays(model.prepare(hard.images)[1]).log_q.argmax(axis=1)
    return {
        **row,
        "overlapping_scenes": OVERLAPPING,
        "overlapping_count_accuracy": float((counts == 2).mean()),
    }
