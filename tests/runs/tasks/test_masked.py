"""Models of patches on scenes whose masks are known: trained without them, held against them."""

import numpy as np
import pytest
from rich.console import Console

from airscene.errors import InputError
from airscene.evaluation.masked import evaluate_masked
from airscene.inference import PatchModel
from airscene.runs.presets.masked import DSPRITES, MANY_DIGITS, TETROMINOES, on
from airscene.runs.run import run
from airscene.runs.tasks import make_task
from airscene.runs.tasks.masked import named
from airscene.scene import Mask, Scene, SceneObject


class Oracle(PatchModel):
    """In place of a model: the true masks of scenes, over one that is hidden by them."""

    def __init__(self, truth):
        self._truth, self._at = truth, 0
        self.typical = None

    def infer(self, images):
        scenes = []
        for image in images:
            assert 0.0 <= image.min() and image.max() <= 1.0
            k, self._at = self._at, self._at + 1
            masks = self._truth.masks[k]
            bits = [masks == label for label in range(1, self._truth.counts[k] + 1)]
            found = [self._object(one) for one in bits[:1] + bits]
            scenes.append(Scene("", np.array([0.0, 1.0]), tuple(found), image_size=masks.shape))
        return scenes

    def _object(self, bits):
        mask = Mask.of(bits)
        return SceneObject(1.0, mask.box, mask.box, np.zeros(2), mask)


@pytest.mark.parametrize("preset", [DSPRITES, TETROMINOES], ids=lambda p: p.name)
def test_true_masks_score_one(preset):
    truth = preset.override(n_test=70).data.load("test")
    found = evaluate_masked(Oracle(truth), truth)
    for name in ("ari", "fg_ari", "mbo", "average_precision"):
        assert found[name] == pytest.approx(1.0)
    # The hidden one counts.
    assert found["count_accuracy"] == 0.0 and found["count_bias"] == found["count_mae"] == 1.0
    assert found["scenes"] == 70


def test_a_run_is_measured_with_the_masks(tmp_path):
    few = {"steps": 2, "evaluate_every": 2, "save_every": 2, "batch_size": 2, "n_crops": 8}
    preset = TETROMINOES.override(**few, n_train=20, n_test=6)
    task = make_task(preset)
    model = run(task, tmp_path / "run", console=Console(quiet=True))
    found = task.evaluate(model)
    assert found["scenes"] == 6 and 0.0 <= found["count_accuracy"] <= 1.0
    assert task.identity == make_task(preset).identity
    assert "tetrominoes" in task.source
    with pytest.raises(InputError, match="images are for the preset images, not for tetrominoes"):
        make_task(preset, images=[np.zeros((8, 8))])


def test_presets_say_their_data():
    assert on("textured").data.ground == "textured"
    assert on("textured").name == "multi-dsprites-textured"
    scenes = MANY_DIGITS.override(n_train=3, digits="bundled").data.load("train")
    (name, image), *_ = named(scenes)
    assert name == "scene 0" and image.shape == (128, 128) and image.max() <= 1.0
