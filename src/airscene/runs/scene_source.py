"""Where the scenes and the images of a preset of inverse graphics come from."""

from collections.abc import Callable
from functools import partial

from airscene.graphics import MujocoRenderer, Renderer, RenderPool, SceneBatch, sample_scenes
from airscene.runs.preset import ScenePreset

# Training scenes have seeds of two numbers, (seed, step), which a third that is not 0 sets apart.
TEST_SEED, WATCHED_SEED = (0, 0, 1), (0, 0, 2)


def make_pool(preset: ScenePreset, make: Callable[[], Renderer] | None = None) -> RenderPool:
    """Start the workers that draw a preset's scenes.

    Args:
        preset: The preset.
        make: Makes the renderer, in each worker; MuJoCo's of the preset's world if not given.

    Raises:
        RendererError: If MuJoCo, or a library to draw with, is missing.
    """
    return RenderPool(make or partial(MujocoRenderer, preset.scenes))


def draw_scenes(preset: ScenePreset, n: int, *, seed: tuple[int, ...]) -> SceneBatch:
    """Draw true scenes of a preset's world, as it is trained on."""
    options = {"repeats": preset.repeats, "presence": preset.model.presence, "look": preset.look}
    return sample_scenes(preset.scenes, n, seed=seed, **options)
