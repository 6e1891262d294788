"""The quick version of a result: the same protocol, scaled down to a minute or two."""

from dataclasses import replace

from airscene.runs.preset import Preset
from airscene.runs.scene_preset import ScenePreset


def quick(preset: Preset, steps: int = 300) -> Preset:
    """Scale a preset down: the bundled digits, few scenes, few steps.

    Args:
        preset: The preset.
        steps: Number of updates.

    Returns:
        The preset, of the same name.
    """
    n_train, n_test = min(preset.data.n_train, 4000), min(preset.data.n_test, 300)
    return preset.override(
        **({"digits": "bundled"} if preset.data.kind.startswith("multi-mnist") else {}),
        n_train=n_train,
        n_test=n_test,
        steps=steps,
        evaluate_every=steps // 3,
        save_every=steps // 3,
    )


def quick_scenes(preset: ScenePreset, steps: int = 60) -> ScenePreset:
    """Scale a preset of inverse graphics down: few scenes, few steps.

    Args:
        preset: The preset.
        steps: Number of updates.

    Returns:
        The preset, of the same name.
    """
    few = {"steps": steps, "evaluate_every": steps // 2, "save_every": steps // 2}
    return replace(preset, training=replace(preset.training, **few), n_test=100)
