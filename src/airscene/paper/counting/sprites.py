"""Sprites: AIR counts shapes that overlap, of one colour too (paper, appendix H, Figs. 10-13)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from airscene.images.sets.sprites import (
    BRIGHTNESS,
    LARGEST,
    SMALLEST,
    Overlapping,
    SpriteScenes,
    coverage,
)
from airscene.images.sets.sprites import sprites as scenes_of_sprites
from airscene.paper.result import Result, Row, described
from airscene.paper.trained import draw_training, scaled, trained, training_row, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import SPRITES, SPRITES_DAIR

# Held-out scenes of two sprites of one kind, and what they share of the smaller one at least.
OVERLAPPING, SHARE = 2000, 0.5

# A scene shows two sprites if it is further than this from every scene of one, in nats: about what
# a second object costs, 2.3 by the prior over counts and 8 for its place, size and appearance.
COST = 10.0

# Sprites that are tried for the nearest, and how far from the best so far at first, in pixels.
_TRIES, _REACH = 150, 3.0


def sprites(quickly: bool = False) -> Result:
    """Sprites that overlap: they add up, add up to white, or cover each other (appendix H)."""
    kinds = [overlapping(one, how) for how in BRIGHTNESS for one in (SPRITES, SPRITES_DAIR)]
    presets = scaled(quickly, (1, 2, 3), *kinds)
    return described("sprites", training_units(*presets, sprites_row), draw_training)


def overlapping(preset: Preset, how: Overlapping) -> Preset:
    """Return the preset for sprites that overlap otherwise.

    All that it says is the same but how scenes are made: the canvas is made as they are, and the
    brightness of an object is estimated from them, which of half-white sprites gives the preset's.
    """
    if how == preset.data.overlapping:
        return preset
    changed = preset.override(overlapping=how, composition=how, brightness=0.0)
    return replace(changed, name=f"{preset.name}-{how}")


def sprites_row(preset: Preset, runs: Path) -> Row:
    """Return what a run reached, and its counts on scenes where sprites of one kind overlap.

    Of these, also where the image shows that there are two: of two of one colour that hide each
    other or are clipped, one that lies within the other is not to be seen.
    """
    row, model = training_row(preset, runs), trained(preset, runs)
    # A seed that neither the training scenes nor the held-out ones have.
    how = preset.data.overlapping
    hard = scenes_of_sprites(
        OVERLAPPING, seed=10**6, counts=(2,), overlapping=how, least_overlap=SHARE
    )
    counts = model.infer_arrays(model.prepare(hard.images)[1]).log_q.argmax(axis=1)
    sigma = model.air.config.sigma
    shown = nearest_single(hard, BRIGHTNESS[how]) / (2.0 * sigma**2) > COST
    return {
        **row,
        "overlapping_scenes": OVERLAPPING,
        "overlapping_count_accuracy": float((counts == 2).mean()),
        "overlapping_shown": float(shown.mean()),
        "shown_count_accuracy": float((counts == 2)[shown].mean()),
    }


def nearest_single(scenes: SpriteScenes, brightness: int) -> Float[np.ndarray, "n"]:
    """The squared distance of scenes of two of one kind to the nearest scene of one of that kind.

        min_{place, size}  sum (x - s)^2,   x and s from 0 to 1

    By a random search that narrows, from the box of both: an upper bound, a little above it.

    Args:
        scenes: scenes of two sprites of one kind.
        brightness: a sprite's own brightness, of 255.
    """
    side, found = scenes.images.shape[1], np.zeros(len(scenes.images))
    rng = np.random.default_rng(0)
    for kind in np.unique(scenes.labels[:, 0]):
        rows = np.flatnonzero(scenes.labels[:, 0] == kind)
        images = scenes.images[rows, :, :, kind] / 255.0
        boxes = scenes.boxes[rows].astype(float)
        low, high = boxes[:, :, :2].min(axis=1), boxes[:, :, 2:].max(axis=1)
        sizes = np.clip((high - low).mean(axis=1), SMALLEST, LARGEST)
        poses = np.column_stack([(low + high) / 2.0, sizes])
        best = np.full(len(rows), np.inf)
        for i in range(_TRIES):
            step = _REACH * (1.0 - i / _TRIES) ** 2 * rng.normal(size=poses.shape)
            tried = poses + step * (i > 0)
            tried[:, 2] = np.clip(tried[:, 2], SMALLEST, LARGEST)
            drawn = coverage(int(kind), tried[:, :2] - tried[:, 2:] / 2.0, tried[:, 2], side)
            far = np.square(images - brightness / 255.0 * drawn).sum(axis=(1, 2))
            poses = np.where((far < best)[:, None], tried, poses)
            best = np.minimum(far, best)
        found[rows] = best
    return found
