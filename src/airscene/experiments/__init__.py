"""The paper's results: presets, protocols and what to expect of them."""

from airscene.experiments.dair import DAIR, DAIR_013, dair
from airscene.experiments.downstream import downstream
from airscene.experiments.draw import draw
from airscene.experiments.estimators import estimators
from airscene.experiments.films import films
from airscene.experiments.finite_differences import finite_differences
from airscene.experiments.generalisation import AIR_013, generalisation
from airscene.experiments.inference_speed import inference_speed
from airscene.experiments.multi_mnist import FAST, FULL, multi_mnist
from airscene.experiments.multi_mnist_shrunk import SHRUNK, multi_mnist_shrunk
from airscene.experiments.omniglot import OMNIGLOT, omniglot
from airscene.experiments.own_images import IMAGES
from airscene.experiments.own_scenes import own_scenes
from airscene.experiments.policies import policies
from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.refinement import refinement
from airscene.experiments.result import Result, Unit
from airscene.experiments.robustness import LOOKS, robustness
from airscene.experiments.scene_estimators import scene_estimators
from airscene.experiments.scene_inference_speed import scene_inference_speed
from airscene.experiments.scene_preset import ScenePreset
from airscene.experiments.single_object import SINGLE, single_object
from airscene.experiments.sizes import sizes
from airscene.experiments.sprites import SPRITES, SPRITES_DAIR, sprites
from airscene.experiments.tabletop import DISTINCT, REPEATS, tabletop
from airscene.experiments.tabletop_camera import CAMERA, tabletop_camera

PRESETS = {
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
    )
}

# Inverse graphics, which needs the extra `3d`.
SCENE_PRESETS = {preset.name: preset for preset in (SINGLE, REPEATS, LOOKS, DISTINCT, CAMERA)}

# Functions of whether it is to be the quick version.
RESULTS = {
    "multi-mnist": multi_mnist,
    "sizes": sizes,
    "multi-mnist-shrunk": multi_mnist_shrunk,
    "dair": dair,
    "estimators": estimators,
    "generalisation": generalisation,
    "draw": draw,
    "downstream": downstream,
    "sprites": sprites,
    "omniglot": omniglot,
    "policies": policies,
    "films": films,
    "inference-speed": inference_speed,
    "finite-differences": finite_differences,
    "single-object": single_object,
    "tabletop": tabletop,
    "tabletop-camera": tabletop_camera,
    "refinement": refinement,
    "robustness": robustness,
    "scene-estimators": scene_estimators,
    "scene-inference-speed": scene_inference_speed,
}

__all__ = [
    "PRESETS",
    "RESULTS",
    "SCENE_PRESETS",
    "DataConfig",
    "Preset",
    "Result",
    "ScenePreset",
    "Unit",
    "own_scenes",
]
