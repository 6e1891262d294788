"""Presets of inverse graphics, which need the extra `3d`."""

from dataclasses import replace
from pathlib import Path

from airscene.graphics.look import LookSpread
from airscene.graphics.mujoco.mjcf import digest
from airscene.graphics.world import SINGLE_OBJECT, TABLETOP, TABLETOP_CAMERA, World
from airscene.inverse.config import InverseConfig, InverseTrainConfig
from airscene.runs.preset import ScenePreset

SINGLE = ScenePreset(
    name="single-object",
    about="A cube, a sphere, a cylinder or nothing on a table: what, where, and how it is turned.",
    world="single-object",
    model=InverseConfig.of(SINGLE_OBJECT),
    training=InverseTrainConfig(steps=8000, evaluate_every=500, save_every=500),
)

REPEATS = ScenePreset(
    name="tabletop",
    about="Up to three cups, pans and plates on a table, any of them more than once.",
    world="tabletop",
    model=InverseConfig.of(TABLETOP),
    training=InverseTrainConfig(evaluate_every=250, save_every=250),
)

DISTINCT = replace(
    REPEATS,
    name="tabletop-distinct",
    about="Up to three of a cup, a pan and a plate on a table, none more than once.",
    repeats=False,
)

CAMERA = replace(
    REPEATS,
    name="tabletop-camera",
    about="Up to three cups, pans and plates on a table, seen from 40 degrees to both sides.",
    world="tabletop-camera",
    model=InverseConfig.of(TABLETOP_CAMERA),
    # With as few as a fixed camera needs, counts were at 77% when half were done.
    training=replace(REPEATS.training, steps=6000),
)

# What is drawn is never quite what is seen, so the noise is twice the table-top's: with that of the
# table-top, and with twice as much again, objects went uncounted more often.
LOOKS = replace(
    REPEATS,
    name="tabletop-looks",
    about="The table-top with crockery of random colours and sizes.",
    training=replace(REPEATS.training, sigma=(1.0, 0.4)),
    look=LookSpread(),
)


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
