"""Renderers that go wrong, for worker processes to import."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from airscene.errors import InputError
from airscene.graphics import PlaneRenderer, SceneBatch


class Faulty(PlaneRenderer):
    """Goes wrong in one way, over scenes that have a disc in slot 0."""

    def __init__(self, fault: str, folder: str = ""):
        super().__init__((32, 32))
        self.fault, self.folder = fault, Path(folder)
        if fault == "no context":
            raise InputError("no OpenGL: install libosmesa6")
        if fault == "no file":
            raise RuntimeError("no file")
        if fault == "dies at once":
            os._exit(3)

    def render(self, scenes: SceneBatch) -> np.ndarray:
        images = super().render(scenes)
        if not (scenes.types[:, 0] == 0).any():
            return images
        if self.fault == "raises":
            raise ZeroDivisionError("no light")
        if self.fault == "hangs":
            time.sleep(60)
        if self.fault == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "dies once":
            mark = self.folder / "died"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGSEGV)
        if self.fault == "NaN":
            return np.full(images.shape, np.nan)
        if self.fault == "floats":
            return images / 255.0
        if self.fault == "shape":
            return images[:, :, :, 0]
        if self.fault == "nothing":
            return None
        return images


def grey(scenes: SceneBatch) -> np.ndarray:
    """A renderer that is a function: the brightness of an image is the number of its objects."""
    return np.broadcast_to(
        (50 * scenes.present.sum(axis=1)).astype(np.uint8)[:, None, None, None],
        (len(scenes), 8, 8, 3),
    ).copy()


def threads(scenes: SceneBatch) -> np.ndarray:
    """An image of how many threads OpenBLAS may use, and whether JAX was imported."""
    import sys

    number = int(os.environ.get("OPENBLAS_NUM_THREADS", "99"))
    return np.full((len(scenes), 2, 2, 3), (number, "jax" in sys.modules, 0), np.uint8)
