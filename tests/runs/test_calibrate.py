"""What is typical of the images of training: which images tell it, and who keeps it."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from airscene.errors import InputError
from airscene.images.config import DataConfig
from airscene.inference import load
from airscene.model.config import AIRConfig
from airscene.runs import calibrate
from airscene.runs.fit import fit
from airscene.runs.preset import Preset
from airscene.training.config import TrainConfig

PRESET = Preset(
    name="tiny",
    about="Small digits, hardly trained.",
    example="",
    data=DataConfig(digits="bundled", image_size=20, digit_size=9, n_train=240, n_test=20),
    model=AIRConfig(n_what=4, n_cells=5, n_hidden=8, n_features=8, n_layer=8, n_steps=2),
    training=TrainConfig(steps=2, batch_size=4, evaluate_every=2, save_every=2),
)


def test_scenes_that_are_drawn_are_others_of_the_same_digits():
    images = calibrate.typical_images(PRESET)
    assert images.shape == (240, 20, 20)
    training = PRESET.data.load("train").images
    drawn = {image.tobytes() for image in training if image.any()}
    assert sum(image.tobytes() in drawn for image in images if image.any()) < 5


def test_images_of_training_are_taken_where_nothing_is_drawn():
    rng = np.random.default_rng(0)
    given = rng.integers(0, 256, (50, 8, 8)).astype(np.uint8)
    preset = replace(PRESET, data=DataConfig(kind="images"))
    _, training, _ = preset.load(given)
    images = calibrate.typical_images(preset, training)
    known = {image.tobytes() for image in training.images}
    half = len(images) // 2
    assert all(image.tobytes() in known for image in images[:half])
    # The others are mirrored.
    assert all(image[:, ::-1].tobytes() in known for image in images[half:])


def test_images_are_changed_as_in_training():
    changed = replace(PRESET, training=replace(PRESET.training, augment=0.5))
    plain, images = calibrate.typical_images(PRESET), calibrate.typical_images(changed)
    assert images.shape == plain.shape
    same = np.isclose(images, plain / 255.0, atol=1e-6).all(axis=(1, 2)).mean()
    assert abs(same - 0.5) < 0.2


def test_a_run_keeps_what_is_typical(tmp_path):
    trained = fit(PRESET, tmp_path / "run", console=Console(file=io.StringIO()))
    assert trained.typical is not None
    assert load(tmp_path / "run").typical == trained.typical
    # A run that is complete is read.
    again = fit(PRESET, tmp_path / "run", resume=True, console=Console(file=io.StringIO()))
    assert again.typical == trained.typical


def test_too_few_images_say_nothing(tmp_path):
    few = PRESET.override(n_train=100)
    trained = fit(few, tmp_path / "run", console=Console(file=io.StringIO()))
    assert trained.typical is None and load(tmp_path / "run").typical is None


def test_bundled_weights_of_images_only():
    with pytest.raises(InputError, match="tabletop.*multi-mnist"):
        calibrate.main(["tabletop"])
