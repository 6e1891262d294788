"""AIR through a renderer, and the same networks trained on labels: what their runs need."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from airscene.evaluation import ImageRow, Picture, image_rows, named_curves
from airscene.evaluation.renders import make_evaluate
from airscene.graphics import Renderer, RenderPool, SceneBatch
from airscene.inference import SceneModel
from airscene.inference.worlds import to_objects, world_name, world_texts
from airscene.inverse.config import InverseConfig
from airscene.inverse.model import InverseAIR
from airscene.inverse.objective.supervised import train_supervised
from airscene.inverse.train import train_inverse
from airscene.inverse.unroll import as_inputs, infer, mode_noise, unroll
from airscene.model.weights import load_module
from airscene.runs.preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, WATCHED_SEED, draw_scenes, make_pool
from airscene.runs.stages import Stages
from airscene.runs.task import Metrics, Pictures, Task
from airscene.scene import PosedScene, PosedScenes

# Held-out scenes that are measured while training, and scenes in the pictures of learning.
WATCHED, SHOWN = 400, 8

# Stages in the picture of learning.
STAGES = 5

# What may be right or wrong, and what its curve is called.
SHARES = {
    "count_accuracy": "counts",
    "types_accuracy": "set of types",
    "identity_accuracy": "types of matched objects",
}


class RenderedTask(Task[InverseAIR]):
    """AIR through a renderer, trained without labels.

    Args:
        preset: The world, the model and the training.
        make: Makes the renderer, in each process that draws; MuJoCo's if not given. `config.json`
            says nothing of it.
    """

    stage_at_start = True

    def __init__(self, preset: ScenePreset, make: Callable[[], Renderer] | None = None):
        super().__init__(preset)
        self._make = make

    def __enter__(self) -> "RenderedTask":
        """Start the processes that draw."""
        self.pool = make_pool(self.preset, self._make)
        return self

    def __exit__(self, *error: Any) -> None:
        """End the processes."""
        self.pool.close()

    @property
    def source(self) -> str:
        """What draws the scenes."""
        return f"scenes drawn by {self.pool.name}, {self.pool.n_workers} at a time"

    def prepare(self) -> None:
        """Draw the scenes that are watched; those in the pictures are some of the first."""
        preset, pool = self.preset, self.pool
        truth = draw_scenes(preset, WATCHED, seed=WATCHED_SEED)
        likelihood = preset.training.likelihood
        self._measure = make_evaluate(truth, pool, preset.scenes, likelihood)
        # The fullest, and the emptiest.
        fullest = np.argsort(-truth.present[: 2 * SHOWN].sum(axis=1), kind="stable")
        shown = truth[np.sort(np.append(fullest[: SHOWN - 1], fullest[-1]))]
        self.images = pool.render(shown)

    def initial_model(self) -> InverseAIR:
        """Make the networks before training."""
        # Compiled whole: one by one, the layers' initial weights take seconds.
        key = jax.random.key(self.training.seed)
        return eqx.filter_jit(InverseAIR)(self.preset.model, key=key)

    def train(self, model: InverseAIR, **options: Any) -> InverseAIR:
        """Train on renders of scenes, whose truth is not used."""
        scenes = partial(draw_scenes, self.preset)
        return train_inverse(model, scenes, self.pool, self.preset.training, **options)

    def load(self, weights: Path) -> InverseAIR:
        """Read the networks of a complete run."""
        return load_module(weights, InverseAIR, InverseConfig)

    def watch(self, model: InverseAIR, step: int) -> tuple[Metrics, Mapping[str, Any]]:
        """Measure the networks on held-out scenes, and infer those of the pictures."""
        measured = self._measure(model, step)
        inferred = infer(model, self.images, self.pool.render)
        return measured, {**vars(inferred), **measured}

    def evaluate(self, model: InverseAIR) -> Metrics:
        """Measure the trained networks on all held-out scenes."""
        return measure(self.preset, model, self.pool)

    def scenes(self, model: InverseAIR, name: str) -> PosedScenes:
        """Return what the networks infer of the scenes in the pictures, in metres and radians."""
        inputs, world = as_inputs(self.images, model.config), self.preset.scenes
        found = unroll(model, inputs, self.pool.render, mode_noise(len(inputs), model.config))
        scenes = tuple(
            PosedScene(f"held-out[{i}]", *one)
            for i, one in enumerate(to_objects(found.scenes, found.q_present, world))
        )
        return PosedScenes(name, world_name(world), world.image_size, scenes)

    def metadata(self) -> dict[str, str]:
        """Return the world of the weights, and what images are compared by."""
        likelihood = json.dumps(self.preset.training.likelihood)
        return {**world_texts(self.preset.scenes), "likelihood": likelihood}

    def inferrer(self, model: InverseAIR, name: str) -> SceneModel:
        """Return the trained model as its users see it."""
        likelihood = self.preset.training.likelihood
        return SceneModel(model, self.preset.scenes, name, self._make, likelihood)

    def pictures(
        self, model: InverseAIR, stages: Stages, rows: Sequence[Mapping[str, Any]]
    ) -> Pictures:
        """Draw scenes at stages of training, and curves of the errors."""
        drawn = [ImageRow("data", self.images / 255.0)]
        for arrays in stages.read(STAGES, rows[-1]["step"]):
            scenes = SceneBatch(*(arrays[name] for name in ("types", "poses", "camera", "look")))
            drawn.append(ImageRow(_label(arrays), self.pool.render(scenes) / 255.0))
        angles = {f"rotation_error_{kind}": kind for kind in self.preset.scenes.types}
        angles["camera_error"] = "camera"
        pictures = {
            "scenes": (
                "Held-out images, and what the model infers of them at stages of training, drawn "
                "by the renderer.",
                image_rows(drawn),
            ),
            "accuracy": (
                "Share of held-out scenes, or of their objects, that is right, by step.",
                _curves(rows, SHARES, "right on held-out scenes, %", 100.0),
            ),
            "position": (
                "Median distance of matched objects from the truth, by step.",
                _curves(
                    rows, {"position_error": "position"}, "error, % of the table's width", 100.0
                ),
            ),
            "angles": (
                "Median errors of rotations, modulo the symmetry of the object, and of the camera, "
                "by step.",
                _curves(rows, angles, "error, degrees", 1.0),
            ),
        }
        # At first nothing may be matched.
        return {name: (said, drawn) for name, (said, drawn) in pictures.items() if drawn}


class SupervisedTask(RenderedTask):
    """The same networks trained on labels (paper, appendix I.5)."""

    def train(self, model: InverseAIR, **options: Any) -> InverseAIR:
        """Train on renders of scenes and their truth."""
        preset = self.preset
        scenes, order = partial(draw_scenes, preset), preset.labels
        return train_supervised(model, scenes, self.pool, preset.training, order=order, **options)


def measure(preset: ScenePreset, model: InverseAIR, pool: RenderPool) -> Metrics:
    """Return how near what a trained model infers of held-out scenes is to the truth.

    Args:
        preset: The preset.
        model: The model.
        pool: Draws its scenes.

    Returns:
        What `airscene.evaluation.renders` measures, and the number of `scenes`.

    Raises:
        RendererError: If the renderer fails.
    """
    truth = draw_scenes(preset, preset.n_test, seed=TEST_SEED)
    evaluate = make_evaluate(truth, pool, preset.scenes, preset.training.likelihood)
    measured = evaluate(model, preset.training.steps)
    return {**measured, "scenes": preset.n_test}


def _curves(
    rows: Sequence[Mapping[str, Any]], names: dict[str, str], up: str, scale: float
) -> Picture | None:
    """Curves of those metrics that the rows have, if any."""
    lines = {
        name: [(float(row["step"]), scale * row[key]) for row in rows if key in row]
        for key, name in names.items()
        if any(key in row for row in rows)
    }
    return named_curves(lines, "training step", up) if lines else None


def _label(stage: Mapping[str, np.ndarray]) -> str:
    lines = [f"step {int(stage['step']):,}", f"counts {float(stage['count_accuracy']):.0%}"]
    if "position_error" in stage:
        lines.append(f"position {float(stage['position_error']):.1%}")
    return "\n".join(lines)
