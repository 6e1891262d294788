"""Scenes of one's own: any MJCF file, or any renderer, with a network trained to invert it."""

from dataclasses import replace
from pathlib import Path

from airscene.graphics.mujoco.mjcf import digest
from airscene.graphics.world import World
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.runs.scene_preset import ScenePreset


def own_scenes(world: World) -> ScenePreset:
    """Return a preset for a world of one's own, by the recipe of the table-top.

        preset = own_scenes(World(mjcf="kitchen.xml", types=("mug", "bowl"), camera="front"))
        airscene.fit(preset, "runs/kitchen")

    Args:
        world: What scenes may hold; without footprints, objects may run into each other, and
            `airscene.graphics.mujoco.mjcf.bounding_footprints` makes some.
    """
    if Path(world.mjcf).is_file():
        # Not so with a renderer of another kind, whose worlds have a name only.
        world = replace(world, digest=digest(world.mjcf))
    return ScenePreset(
        name="scenes",
        about="Scenes of an MJCF file of your own: name the bodies that are its object types.",
        world=world,
        model=InverseConfig.of(world),
        training=InverseTrainConfig(evaluate_every=250, save_every=250),
    )
