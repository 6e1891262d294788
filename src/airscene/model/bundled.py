"""The weights that come with the package."""

import importlib.resources
from pathlib import Path

FOLDER = importlib.resources.files("airscene") / "weights"


def bundled_models() -> dict[str, Path]:
    """Return the names of the weights that come with the package, and their files."""
    files = Path(str(FOLDER)).glob("*.safetensors")
    return {file.stem: file for file in sorted(files)}
