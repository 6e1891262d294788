"""Where the scenes and the images of a preset of inverse graphics come from."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from airscene.runs.scene_preset import ScenePreset

if TYPE_CHECKING:
    from airscene.graphics import Renderer, RenderPool, SceneBatch

# Training scenes have seeds of two numbers, (seed, step), which a third that is not 0 sets apart.
TEST_SEED, WATCHED_SEED = (0, 0, 1), (0, 0, 2)


def make_pool(preset: ScenePreset, make: "Callable[[], Renderer] | None" = None) -> "RenderPool":
    """Start the workers that draw a preset's scenes.

    Args:
        preset: The preset.
        make: Makes the renderer, in each worker; MuJoCo's of the preset's world if not given.

    Raises:
        RendererError: If MuJoCo, or a library to draw with, is missing.
    """
    # Here, as the renderer is an extra.
    from airscene.graphics import MujocoRenderer, RenderPool

    return RenderPool(make or partial(MujocoRenderer, preset.scenes))


def draw_scenes(preset: ScenePreset, n: int, *, seed: tuple[int, ...]) -> "SceneBatch":
    """Draw true scenes of a preset's world, as it is trained on."""
    from airscene.graphics import sample_scenes

    options = {"repeats": preset.repeats, "presence": preset.model.presence, "look": preset.look}
    return sample_scenes(preset.scenes, n, seed=seed, **options)
