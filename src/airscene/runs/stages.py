"""What is kept of a run while it trains, for its pictures."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from airscene.files import write_atomic

# What a model made of a few fixed scenes at one moment of its training: arrays and numbers.
Stage = Mapping[str, Any]


class Stages:
    """What a task keeps of a run while it trains, a file an evaluation.

    Args:
        folder: The folder of the files.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def keep(self, step: int, stage: Stage) -> None:
        """Write a stage.

        Raises:
            InputError: If it cannot be written.
        """
        if stage:
            file = io.BytesIO()
            np.savez_compressed(file, step=step, **stage)
            write_atomic(self._folder / f"{step:07d}.npz", file.getvalue())

    def read(self, most: int, last: int) -> list[dict[str, np.ndarray]]:
        """Read back what was kept.

        Args:
            most: How many stages at most: chosen evenly, the first and the last among them.
            last: The last step that counts: later files are of a run that was resumed.

        Returns:
            The stages, earliest first, each with its `step`.
        """
        files = [f for f in sorted(self._folder.glob("*.npz")) if int(f.stem) <= last]
        chosen = np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int)
        stages = []
        for i in np.unique(chosen):
            with np.load(files[i]) as arrays:
                stages.append(dict(arrays))
        return stages
