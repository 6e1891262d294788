"""What is watched while a model trains: held-out counts, and a few scenes for the pictures."""

import io
from pathlib import Path

import numpy as np

from airscene.evaluation import Stage, count_accuracy
from airscene.files import write_atomic
from airscene.images import LabelledScenes
from airscene.inference.model import Model
from airscene.model.air import AIR

# Held-out scenes counted at each evaluation.
COUNTED = 2000

# Scenes in the pictures of learning.
SHOWN = 8


class Watch:
    """Evaluates a model as it trains; `train` calls it.

    Args:
        folder: Where a stage of each evaluation is kept, for the pictures.
        held_out: Held-out scenes.
    """

    def __init__(self, folder: Path, held_out: LabelledScenes):
        self._folder = folder
        self._counts = held_out.counts[:COUNTED]
        self.images = held_out.images[:COUNTED]
        # Nearly empty scenes say little: of the first ones, those with the most ink.
        first = self.images[: 2 * SHOWN].reshape(min(len(self.images), 2 * SHOWN), -1)
        self.shown = np.sort(np.argsort(-first.astype(float).sum(axis=1))[:SHOWN])

    def __call__(self, air: AIR, step: int) -> dict[str, float]:
        """Count the held-out scenes, and keep a stage.

        Args:
            air: The model as it is.
            step: Updates made so far.

        Returns:
            `mean_count`, and `count_accuracy` where the truth is known.
        """
        model = Model(air, "training")
        prepared = model.prepare(self.images)[1]
        inferred = model.infer_arrays(prepared)
        probs = np.exp(inferred.log_q.astype(float))
        counts = probs.argmax(axis=1)
        measured = {"mean_count": float(counts.mean())}
        if self._counts.min() >= 0:
            measured["count_accuracy"] = count_accuracy(probs, self._counts)
        here = self.shown
        z_where, z_what = inferred.z_where[here], inferred.z_what[here]
        arrays = {
            "step": step,
            "accuracy": measured.get("count_accuracy", np.nan),
            "reconstructions": model.render_arrays(z_where, z_what, counts[here]),
            "windows": inferred.windows[here],
            "counts": counts[here],
        }
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        write_atomic(self._folder / f"{step:07d}.npz", file.getvalue())
        return measured

    def stages(self, most: int, last: int) -> list[Stage]:
        """Read back what was kept.

        Args:
            most: How many stages at most; chosen evenly, the first and the last among them.
            last: The last step that counts: later files are of a run that was resumed.

        Returns:
            The stages, earliest first.
        """
        files = [f for f in sorted(self._folder.glob("*.npz")) if int(f.stem) <= last]
        chosen = np.unique(
            np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int)
        )
        return [_read(files[i]) for i in chosen]


def _read(file: Path) -> Stage:
    with np.load(file) as arrays:
        return Stage(
            step=int(arrays["step"]),
            accuracy=float(arrays["accuracy"]),
            reconstructions=arrays["reconstructions"],
            windows=arrays["windows"],
            counts=arrays["counts"],
        )
