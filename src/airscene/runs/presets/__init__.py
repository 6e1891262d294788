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
from airscene.runs.presets.paper import AIR_PAPER, DAIR_PAPER
from airscene.runs.presets.rendered import CAMERA, DISTINCT, LOOKS, REPEATS, SINGLE, own_scenes

# Names of the networks: `air-paper` and `dair-paper` are the paper's own, without the deviations of
# these.
NETWORKS = {"air-fast": FAST, "air": FULL, "dair": DAIR}

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
        AIR_PAPER,
        DAIR_PAPER,
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
} | NETWORKS

__all__ = ["NETWORKS", "PRESETS", "own_scenes"]
