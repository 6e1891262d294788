"""What is watched while inverse graphics trains: metrics, and a few scenes for the pictures."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from airscene.evaluation.renders import make_evaluate
from airscene.files import write_atomic
from airscene.graphics import RenderPool, SceneBatch
from airscene.inference.worlds import to_objects, world_name
from airscene.inverse.model import InverseAIR
from airscene.inverse.unroll import as_inputs, infer, mode_noise, unroll
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import WATCHED_SEED, draw_scenes
from airscene.scene import PosedScene, PosedScenes

# Held-out scenes that are watched while training.
WATCHED = 400

# Scenes in the pictures of learning.
SHOWN = 8


class Stage(NamedTuple):
    """What a model made of a few images at a stage of its training.

    Args:
        step: Updates made so far.
        inferred: What it took the images for.
        measured: Metrics over all the watched scenes.
    """

    step: int
    inferred: SceneBatch
    measured: dict[str, float]


class SceneWatch:
    """Evaluates a model as it trains; the training calls it.

    Args:
        folder: Where a stage of each evaluation is kept, for the pictures.
        preset: The preset that is trained.
        pool: Draws its scenes.
    """

    def __init__(self, folder: Path, preset: ScenePreset, pool: RenderPool):
        self._folder, self._pool, self._world = folder, pool, preset.scenes
        truth = draw_scenes(preset, WATCHED, seed=WATCHED_SEED)
        self._measure = make_evaluate(truth, pool, preset.scenes, preset.training.likelihood)
        # Of the first scenes, the fullest, and the emptiest, as nothing too is to be found there.
        fullest = np.argsort(-truth.present[: 2 * SHOWN].sum(axis=1), kind="stable")
        self.shown = truth[np.sort(np.append(fullest[: SHOWN - 1], fullest[-1]))]
        self.images = pool.render(self.shown)

    def __call__(self, model: InverseAIR, step: int) -> dict[str, float]:
        """Measure the model on held-out scenes, and keep a stage.

        Args:
            model: The model as it is.
            step: Updates made so far.

        Returns:
            What `airscene.evaluation.renders.make_evaluate` measures.

        Raises:
            RendererError: If the renderer fails.
            InputError: If the stage cannot be written.
        """
        measured = self._measure(model, step)
        inferred = infer(model, self.images, self._pool.render)
        file = io.BytesIO()
        np.savez(file, step=step, **vars(inferred), **measured)
        write_atomic(self._folder / f"{step:07d}.npz", file.getvalue())
        return measured

    def scenes(self, model: InverseAIR, name: str) -> PosedScenes:
        """Return what the images in the pictures are taken for, in metres and radians.

        Args:
            model: The model.
            name: What it is called in the scenes.

        Raises:
            RendererError: If the renderer fails.
        """
        inputs = as_inputs(self.images, model.config)
        noise = mode_noise(len(inputs), model.config)
        found = unroll(model, inputs, self._pool.render, noise)
        scenes = tuple(
            PosedScene(f"held-out[{i}]", *one)
            for i, one in enumerate(to_objects(found.scenes, found.q_present, self._world))
        )
        return PosedScenes(name, world_name(self._world), self._world.image_size, scenes)

    def stages(self, most: int, last: int) -> list[Stage]:
        """Read back what was kept.

        Args:
            most: How many stages at most; chosen evenly, the first and the last among them.
            last: The last step that counts: later files are of a run that was resumed.

        Returns:
            The stages, earliest first.
        """
        files = [f for f in sorted(self._folder.glob("*.npz")) if int(f.stem) <= last]
        chosen = np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int)
        return [_read(files[i]) for i in np.unique(chosen)]


def _read(file: Path) -> Stage:
    with np.load(file) as arrays:
        values = dict(arrays)
    step = int(values.pop("step"))
    scenes = SceneBatch(*(values.pop(name) for name in ("types", "poses", "camera", "look")))
    return Stage(step, scenes, {name: float(value) for name, value in values.items()})
