"""Crockery on a table: counts, identities and positions through a renderer (Figs. 6e-h, 7)."""

from dataclasses import replace

from airscene.experiments.scene_preset import ScenePreset
from airscene.graphics.world import TABLETOP
from airscene.inverse.config import InverseConfig, InverseTrainConfig

REPEATS = ScenePreset(
    name="tabletop",
    about="Up to three cups, pans and plates on a table, any of them more than once.",
    world="tabletop",
    model=InverseConfig.of(TABLETOP),
    training=InverseTrainConfig(steps=6000, evaluate_every=250, save_every=250),
)

DISTINCT = replace(
    REPEATS,
    name="tabletop-distinct",
    about="Up to three of a cup, a pan and a plate on a table, none more than once.",
    repeats=False,
)


def recurrent(preset: ScenePreset) -> ScenePreset:
    """The same with the paper's plain recurrent network."""
    model = replace(preset.model, network="recurrent")
    about = "The same with the paper's plain recurrent network."
    return replace(preset, name=f"{preset.name}-recurrent", about=about, model=model)


def supervised(preset: ScenePreset) -> ScenePreset:
    """The same network, trained with labels in the order that they come in."""
    about = "The same network, trained with labels."
    return replace(preset, name=f"{preset.name}-supervised", about=about, labels="sampled")
