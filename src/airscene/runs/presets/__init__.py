"""Presets: a data set or a world, a model and a training, known to work together."""

from airscene.runs.preset import Preset
from airscene.runs.presets.digits import AIR_013, DAIR, DAIR_013, FAST, FULL, SHRUNK
from airscene.runs.presets.omniglot import OMNIGLOT
from airscene.runs.presets.own_images import IMAGES
from airscene.runs.presets.own_scenes import own_scenes
from airscene.runs.presets.rendered import CAMERA, DISTINCT, LOOKS, REPEATS, SINGLE
from airscene.runs.presets.sprites import SPRITES, SPRITES_DAIR
from airscene.runs.scene_preset import ScenePreset

PRESETS: dict[str, Preset | ScenePreset] = {
    preset.name: preset
    for preset in (
        FAST,
        FULL,
        SHRUNK,
        DAIR,
        AIR_013,
        DAIR_013,
        SPRITES,
        SPRITES_DAIR,
        OMNIGLOT,
        IMAGES,
        # Inverse graphics, which needs the extra `3d`.
        SINGLE,
        REPEATS,
        LOOKS,
        DISTINCT,
        CAMERA,
    )
}

__all__ = ["PRESETS", "own_scenes"]
