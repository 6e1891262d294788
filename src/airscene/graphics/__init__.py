"""A renderer in the loop: scenes of objects in 3-D, drawn by a program that has no gradient."""

from airscene.graphics.blur import Likelihood
from airscene.graphics.differences import (
    Alternatives,
    Differences,
    Gradients,
    Steps,
    combine_differences,
    plan_alternatives,
    plan_differences,
)
from airscene.graphics.look import Look, LookSpread, draw_looks
from airscene.graphics.mujoco.renderer import MujocoRenderer
from airscene.graphics.plane import PlaneRenderer
from airscene.graphics.pool.pool import RenderPool
from airscene.graphics.renderer import FunctionRenderer, Renderer, RendererError
from airscene.graphics.sample import sample_scenes
from airscene.graphics.scenes import ABSENT, SceneBatch, concatenate
from airscene.graphics.shrink import shrink
from airscene.graphics.world import SINGLE_OBJECT, TABLETOP, TABLETOP_CAMERA, World

__all__ = [
    "ABSENT",
    "SINGLE_OBJECT",
    "TABLETOP",
    "TABLETOP_CAMERA",
    "Alternatives",
    "Differences",
    "FunctionRenderer",
    "Gradients",
    "Likelihood",
    "Look",
    "LookSpread",
    "MujocoRenderer",
    "PlaneRenderer",
    "RenderPool",
    "Renderer",
    "RendererError",
    "SceneBatch",
    "Steps",
    "World",
    "combine_differences",
    "concatenate",
    "draw_looks",
    "plan_alternatives",
    "plan_differences",
    "sample_scenes",
    "shrink",
]
