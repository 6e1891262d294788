"""Models of patches on the command line: prices in use, and masks of one's own to measure by."""

import json

import jax
import numpy as np
import pytest
from PIL import Image

from airscene.app.cli import main
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.model.weights import save_weights

CONFIG = PatchConfig(
    object_size="10px", pixels=8, n_what=2, n_cells=4, n_hidden=4, n_layer=4, background="black",
    calibration=Calibration(0.3, 30.0, 0.5, 0.01, 0.1, 400.0), sizes="alike", exposure="alike",
)  # fmt: skip


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    """Untrained weights: what is asked here is not whether they count well."""
    path = tmp_path_factory.mktemp("weights") / "patches.safetensors"
    save_weights(PatchAIR(CONFIG, key=jax.random.key(0)), path)
    return path


@pytest.fixture
def labelled(tmp_path):
    """Two pictures with masks: a square each."""
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for k in range(2):
        labels = np.zeros((30, 40), np.uint8)
        labels[10:18, 10 + 8 * k : 18 + 8 * k] = 1
        Image.fromarray(labels).save(tmp_path / "masks" / f"{k}.png")
        Image.fromarray(np.repeat(200 * labels[..., None], 3, axis=2)).save(
            tmp_path / "images" / f"{k}.png"
        )
    return tmp_path


def test_masks_of_ones_own_are_measured(patches, labelled, capsys):
    assert main(["evaluate", str(patches), str(labelled)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenes"] == 2 and found["data"] == str(labelled)
    assert {"count_accuracy", "ari", "fg_ari", "mbo"} <= set(found)
    # Nothing says what lies on what.
    assert "depth_order" not in found


def test_a_price_in_use_decides_how_much_is_found(patches, labelled, capsys):
    counts = []
    for price in ("0", "100"):
        images = str(labelled / "images")
        assert main(["infer", str(patches), images, "--object-price", price]) == 0
        counts.append([scene["count"] for scene in json.loads(capsys.readouterr().out)["images"]])
    assert counts[1] == [0, 0] and sum(counts[0]) > 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "no truth is known of what"),
        (["multi-mnist"], "DATA is 'multi-mnist', which is not for PatchModel"),
        ([""], "DATA is '', which is not for"),
        (["nowhere"], "there is no folder nowhere/images"),
        (["FOLDER", "--scenes", "2"], "--scenes is not for a folder"),
        (["FOLDER", "--steps", "2"], "counts any number of objects"),
    ],
)
def test_what_cannot_be_measured_is_refused(patches, labelled, refused, arguments, why):
    arguments = [str(labelled) if a == "FOLDER" else a for a in arguments]
    assert why in refused("evaluate", patches, *arguments)


def test_scenes_of_images_of_several_sizes_are_drawn(patches, tmp_path):
    for k, size in enumerate([(30, 40), (50, 30)]):
        Image.new("RGB", size, (0, 90, 0)).save(tmp_path / f"{k}.png")
    scenes = tmp_path / "scenes.json"
    assert main(["infer", str(patches), str(tmp_path), "--out", str(scenes)]) == 0
    drawn = tmp_path / "drawn"
    arguments = ["--model", str(patches), "--out", str(drawn)]
    assert main(["render", str(scenes), *arguments]) == 0
    assert {f.name for f in drawn.iterdir()} == {"0-render.png", "1-render.png"}
    sizes = [Image.open(drawn / f"{k}-render.png").size for k in range(2)]
    # As the model sees them, objects of 8 pixels where they were 10.
    assert sizes == [(32, 24), (24, 40)] or sizes == [(24, 32), (40, 24)]
