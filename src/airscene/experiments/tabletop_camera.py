"""Crockery on a table seen from a camera on an orbit, which is inferred too (Fig. 15)."""

from dataclasses import replace

from airscene.experiments.tabletop import REPEATS
from airscene.graphics.world import TABLETOP_CAMERA
from airscene.inverse.config import InverseConfig

CAMERA = replace(
    REPEATS,
    name="tabletop-camera",
    about="Up to three cups, pans and plates on a table, seen from 40 degrees to both sides.",
    world="tabletop-camera",
    model=InverseConfig.of(TABLETOP_CAMERA),
)
