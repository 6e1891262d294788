"""What a run on images of one's own says of those that are held out."""

from pathlib import Path

import numpy as np

from airscene.model.patch.air import PatchAIR
from airscene.runs.presets import PRESETS
from airscene.runs.stages import Stages
from airscene.runs.tasks.own import ROWS, SHOWN, OwnTask
from airscene.scene import Scene, SceneObject, Scenes

MODEL = object.__new__(PatchAIR)


class Stub:
    """In place of a trained model: an object an image, in the middle; of random probability."""

    def infer(self, images):
        rng, scenes = np.random.default_rng(0), []
        for image in images:
            p = rng.uniform(0.5, 1.0)
            box = (2.0, 2.0, 9.0, 9.0)
            found = (SceneObject(p, box, box, np.zeros(2)),)
            scenes.append(Scene("", np.array([1 - p, p]), found, image_size=image.shape[:2]))
        return Scenes("stub", (12, 12), tuple(scenes))

    def render_one(self, scene):
        return np.zeros(scene.image_size, np.float32)


def task_of(n, monkeypatch):
    rng = np.random.default_rng(0)
    images = [rng.random((12 + k % 3, 16)).astype(np.float32) for k in range(n)]
    task = OwnTask(PRESETS["images"], images)
    monkeypatch.setattr(task, "inferrer", lambda model, name: Stub())
    return task


def test_counts_are_a_row_a_held_out_image(monkeypatch):
    task = task_of(40, monkeypatch)
    table = task.files(task.scenes(MODEL, "run"))["counts.csv"].decode().splitlines()
    assert table[0] == "source,count,p_count,unlike,error"
    assert [line.split(",")[:2] for line in table[1:]] == [
        [f"array[{k}]", "1"] for k in (9, 19, 29, 39)
    ]


def test_pictures_begin_with_the_most_doubtful_count(monkeypatch, tmp_path):
    task = task_of(300, monkeypatch)
    pictures = task.pictures(MODEL, Stages(tmp_path), [])
    assert list(pictures) == ["explained-1", "explained-2", "explained-3"]
    rows = [row for _, picture in pictures.values() for row in picture.shown["rows"]]
    assert len(rows) == SHOWN and len(pictures["explained-1"][1].shown["rows"]) == ROWS
    probs = [row["p_count"] for row in rows]
    assert probs == sorted(probs)
    everyone = task.scenes(MODEL, "run")
    assert probs[0] == min(round(float(s.count_probs[1]), 4) for s in everyone)
    assert Path(rows[0]["source"]).name == rows[0]["source"]
