"""AIR on images: what a run trains, watches and draws."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.compiled import quick_to_compile
from airscene.evaluation import (
    Curve,
    Stage,
    calibration,
    confusion,
    count_accuracy,
    count_calibration,
    count_confusion,
    heatmaps,
    learning_curve,
    learning_film,
    reconstructions,
    sample_grid,
)
from airscene.evaluation.evaluate import evaluate
from airscene.images import LabelledScenes
from airscene.images.load import Paths
from airscene.inference import Model
from airscene.inference.chunks import CHUNK
from airscene.model.air import AIR, chosen_kinds
from airscene.model.unlike import Typical
from airscene.model.weights import load_weights, read_metadata
from airscene.runs.calibrate import calibrate_on, typical_images
from airscene.runs.preset import Preset, channels_first
from airscene.runs.stages import Stages
from airscene.runs.task import Metrics, Pictures, Task
from airscene.scene import Scenes
from airscene.training.air import train_air

# Held-out scenes that are counted at each evaluation; scenes in the pictures of learning.
COUNTED, SHOWN = 2000, 8

# Stages in the picture of learning, and frames in the film.
STAGES, FRAMES = 5, 30

# Held-out scenes in the heat maps and the calibration.
SCENES = 5000


class ImageTask(Task[AIR]):
    """AIR on a set of images.

    Args:
        preset: The images, the model and the training.
        images: Images of one's own, in place of those that the preset names.
    """

    def __init__(self, preset: Preset, images: Paths | None = None):
        super().__init__(preset)
        chosen_kinds(preset.model)  # before anything is loaded or said
        self._images = images
        self._typical: Typical | None = None
        self._counted: np.ndarray | None = None

    @cached_property
    def _loaded(self) -> tuple[Preset, LabelledScenes, LabelledScenes]:
        return self._preset.load(self._images)

    @property
    def preset(self) -> Preset:
        """The preset, with what follows from the images."""
        return self._loaded[0]

    @property
    def held_out(self) -> LabelledScenes:
        """The held-out scenes."""
        return self._loaded[2]

    @property
    def images_sha256(self) -> str:
        """SHA-256 of the training images: those that a name stands for may have changed."""
        return hashlib.sha256(self._loaded[1].images.tobytes()).hexdigest()

    @property
    def is_counted(self) -> bool:
        """Whether the true counts are known."""
        return bool(self.held_out.counts.min() >= 0)

    @cached_property
    def shown(self) -> np.ndarray:
        """Which held-out scenes are in the pictures: of the first, those with the most ink."""
        first = self.held_out.images[: min(COUNTED, 2 * SHOWN)]
        ink = first.reshape(len(first), -1).astype(float).sum(axis=1)
        return np.sort(np.argsort(-ink)[:SHOWN])

    @property
    def source(self) -> str:
        """Where the images come from."""
        return self._loaded[1].source

    def initial_model(self) -> AIR:
        """Make the model before training."""
        # Compiled whole: one by one, the layers' initial weights take seconds.
        options: Any = {"compiler_options": quick_to_compile()}
        make = eqx.filter_jit(AIR, **options)
        return make(self.preset.model, key=jax.random.key(self.training.seed))

    def train(self, model: AIR, **options: Any) -> AIR:
        """Train on the annealed bound."""
        images = channels_first(self._loaded[1].images)
        inferrer = Model(model, "training")
        some = self._prepared(inferrer)[:CHUNK]
        # What watches is compiled beside the update, not after the first updates. What fails here
        # fails again there.
        with ThreadPoolExecutor(max_workers=1) as beside:
            beside.submit(self._watched, inferrer, some)
            return train_air(model, images, self.preset.training, **options)

    def load(self, weights: Path) -> AIR:
        """Read the model of a complete run."""
        said = read_metadata(weights).get("unlike")
        self._typical = None if said is None else Typical.from_json(said)
        return load_weights(weights)

    def calibrate(self, model: AIR) -> dict[str, str]:
        """Measure what is typical of the images of training, where there are enough of them."""
        images = typical_images(self.preset, self._loaded[1])
        self._typical = calibrate_on(model, images)
        return {} if self._typical is None else {"unlike": self._typical.to_json()}

    def watch(self, model: AIR, step: int) -> tuple[Metrics, Mapping[str, Any]]:
        """Count held-out scenes, and draw a few again.

        Returns:
            `mean_count`, and `count_accuracy` where the truth is known; what `Stage` holds.
        """
        inferrer, truth = Model(model, "training"), self.held_out.counts[:COUNTED]
        probs, shown = self._watched(inferrer, self._prepared(inferrer))
        measured = {"mean_count": float(probs.argmax(axis=1).mean())}
        if truth.min() >= 0:
            measured["count_accuracy"] = count_accuracy(probs, truth)
        return measured, {"accuracy": measured.get("count_accuracy", np.nan), **shown}

    def _prepared(self, inferrer: Model) -> np.ndarray:
        """The held-out images that are counted, as any model of the run takes them."""
        counted = self._counted
        if counted is None:
            self._counted = counted = inferrer.prepare(self.held_out.images[:COUNTED])[1]
        return counted

    def _watched(self, inferrer: Model, counted: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """Return q(n | x) of prepared images, and what is shown of the few that are drawn."""
        probs = np.exp(inferrer.infer_counts(counted).astype(float))
        counts, inferred = (
            probs.argmax(axis=1)[self.shown],
            inferrer.infer_arrays(counted[self.shown]),
        )
        return probs, {
            "reconstructions": inferrer.render_arrays(inferred.z_where, inferred.z_what, counts),
            "windows": inferred.windows,
            "counts": counts,
        }

    def evaluate(self, model: AIR) -> Metrics:
        """Measure the trained model on all held-out scenes."""
        return evaluate(self.inferrer(model, self.name), self.held_out) if self.is_counted else {}

    def scenes(self, model: AIR, name: str) -> Scenes:
        """Return what the model infers of the scenes in the pictures."""
        return self.inferrer(model, name).infer(self.held_out.images[self.shown])

    def inferrer(self, model: AIR, name: str) -> Model:
        """Return the trained model as its users see it."""
        return Model(model, name, self._typical)

    def pictures(self, model: AIR, stages: Stages, rows: Sequence[Mapping[str, Any]]) -> Pictures:
        """Draw the pictures of the run (Fig. 3), and where the truth is known, its counts."""
        inferrer, held_out, seed = Model(model, self.name), self.held_out, self.training.seed
        last, shown = rows[-1]["step"], held_out.images[self.shown] / 255.0
        few, many = (
            [_stage(arrays) for arrays in stages.read(most, last)] for most in (STAGES, FRAMES)
        )
        inferred = inferrer.infer_arrays(inferrer.prepare(held_out.images[:SCENES])[1])
        probs = np.exp(inferred.log_q.astype(float))
        probs /= probs.sum(axis=1, keepdims=True)
        pictures: Pictures = {
            "reconstructions": (
                "Held-out images, and their reconstructions at stages of training; the windows of "
                "the first, second and third step in red, green and blue (the paper's Fig. 3, "
                "left).",
                reconstructions(shown, few),
            ),
            "learning": ("Learning, from the first steps to the last.", learning_film(shown, many)),
            "heatmaps": (
                "Where each step attends to: red the first, green the second (Fig. 3, right, "
                "below).",
                heatmaps({seed: step_centres(inferred.windows, probs)}, inferrer.image_size),
            ),
            "samples": (
                "Samples from the model, with as many objects as it infers of held-out images.",
                sample_grid(inferrer.sample(seed, 25, probs.argmax(axis=1))),
            ),
        }
        if self.is_counted:
            steps, accuracy = (
                np.array([row[key] for row in rows]) for key in ("step", "count_accuracy")
            )
            truth = held_out.counts[:SCENES]
            pictures["counts"] = (
                "Count accuracy on held-out images, by step (Fig. 3, right, above).",
                learning_curve([Curve(seed, steps, accuracy)]),
            )
            pictures["confusion"] = (
                "Inferred counts by true count.",
                confusion(count_confusion(probs, truth)),
            )
            pictures["calibration"] = (
                "How often the inferred count is right, by its probability.",
                calibration(count_calibration(probs, truth)),
            )
        return pictures


def _stage(arrays: Mapping[str, np.ndarray]) -> Stage:
    step, accuracy = int(arrays["step"]), float(arrays["accuracy"])
    return Stage(step, accuracy, *(arrays[n] for n in ("reconstructions", "windows", "counts")))


def step_centres(windows: np.ndarray, q: np.ndarray) -> list[np.ndarray]:
    """Return the centres of the windows of each step, over the scenes where it is used.

    Args:
        windows: Windows of all steps of each scene, in pixels.
        q: q(n | x) of each scene, or its logarithm.
    """
    counts = q.argmax(axis=1)
    centres = (windows[..., :2] + windows[..., 2:]) / 2.0
    return [centres[counts > step, step].astype(float) for step in range(windows.shape[1])]
