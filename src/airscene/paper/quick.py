"""The quick version of a result: the same protocol, scaled down to a minute or two."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airscene.runs.preset import Preset
from airscene.runs.presets.baselines import DRAWPreset
from airscene.runs.scene_preset import ScenePreset

Scalable = TypeVar("Scalable", Preset, ScenePreset, DRAWPreset)


def quick(preset: Scalable, steps: int | None = None) -> Scalable:
    """Scale a preset down: the bundled digits, few scenes, few updates, which may be given."""
    steps = steps or (60 if isinstance(preset, ScenePreset) else 300)
    between = steps // (2 if isinstance(preset, ScenePreset) else 3)
    few = {"steps": steps, "evaluate_every": between, "save_every": between}
    training = replace(preset.training, **few)
    if isinstance(preset, ScenePreset):
        return replace(preset, training=training, n_test=100)
    n_train, n_test = min(preset.data.n_train, 4000), min(preset.data.n_test, 300)
    data = replace(preset.data, n_train=n_train, n_test=n_test)
    if preset.data.kind.startswith("multi-mnist"):
        data = replace(data, digits="bundled")
    preset = replace(preset, data=data, training=training)
    if isinstance(preset, DRAWPreset):
        model = replace(preset.model, n_steps=10, n_hidden=64)
        return replace(preset, model=model, growth=((0, 5), (200, 10)))
    return preset


def scaled(
    quickly: bool, seeds: Sequence[int], *presets: Scalable
) -> tuple[Sequence[Scalable], Sequence[int]]:
    """Return presets and their seeds; of the quick version, scaled down, and the first seed."""
    return ([quick(preset) for preset in presets], seeds[:1]) if quickly else (presets, seeds)
