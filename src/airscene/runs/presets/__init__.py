"""Presets: a data set or a world, a model and a training, known to work together."""

from airscene.runs.preset import MaskedPreset, PatchPreset, Preset, ScenePreset
from airscene.runs.presets.images import (
    AIR_013,
    DAIR,
    DAIR_013,
    FAST,
    FULL,
    OMNIGLOT,
    ROBUST,
    SHRUNK,
    SMALL_IMAGES,
    SPRITES,
    SPRITES_DAIR,
)
from airscene.runs.presets.masked import DSPRITES, MANY_DIGITS, TETROMINOES
from airscene.runs.presets.own import IMAGES
from airscene.runs.presets.rendered import CAMERA, DISTINCT, LOOKS, REPEATS, SINGLE, own_scenes

PRESETS: dict[str, Preset | ScenePreset | PatchPreset | MaskedPreset] = {
    preset.name: preset
    for preset in (
        FAST,
        FULL,
        ROBUST,
        SHRUNK,
        DAIR,
        AIR_013,
        DAIR_013,
        SPRITES,
        SPRITES_DAIR,
        OMNIGLOT,
        SMALL_IMAGES,
        IMAGES,
        TETROMINOES,
        DSPRITES,
        MANY_DIGITS,
        # Inverse graphics, which needs the extra `3d`.
        SINGLE,
        REPEATS,
        LOOKS,
        DISTINCT,
        CAMERA,
    )
}

__all__ = ["PRESETS", "own_scenes"]
