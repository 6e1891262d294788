"""`airscene models`: the weights that come with the package, and what can be trained."""

from dataclasses import dataclass

from rich.console import Console

from airscene.graphics import TABLETOP
from airscene.model.bundled import bundled_models
from airscene.runs.preset import ScenePreset
from airscene.runs.presets import NETWORKS, PRESETS, own_scenes


@dataclass(frozen=True)
class Models:
    """List the weights that come with the package, and the experiments that can be trained.

    Example: airscene models
    """

    def run(self, console: Console) -> None:
        """Print the list on standard output."""
        # Here, as JAX takes a second to import, which `--help` need not wait for.
        from airscene.inference import load

        print("Bundled weights, for infer, render, evaluate and sample:")
        for name, file in bundled_models().items():
            print(f"  {load(name)!r}, {file.stat().st_size / 1e6:.1f} MB")
        print("Experiments, for train:")
        rendered = [preset for preset in PRESETS.values() if isinstance(preset, ScenePreset)]
        for name, preset in PRESETS.items():
            if preset not in rendered:
                about = f"The same as {preset.name}." if name in NETWORKS else preset.about
                print(f"  {name:20} {about}")
        print("Experiments of inverse graphics, for train; they need pip install 'airscene[3d]':")
        for preset in (*rendered, own_scenes(TABLETOP)):
            print(f"  {preset.name:20} {preset.about}")
