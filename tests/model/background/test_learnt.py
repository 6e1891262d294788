"""The forms of the ground are learnt from images with objects on them, and objects are no forms."""

import numpy as np
import pytest

from airscene.images.resample import resample
from airscene.model.background.learnt import FORMS, GRID, LEAST, Learnt, learn
from airscene.model.background.smooth import Smooth

SIZE = (60, 80)


def on_forms(n, seed):
    """Images of discs on grounds of two forms, of which each has its part; and the grounds."""
    rng, of_all = np.random.default_rng(seed), np.random.default_rng(5)
    forms = [resample(of_all.uniform(-1, 1, (3, 8, 8)), SIZE) for _ in range(3)]
    y, x = np.indices(SIZE)
    images, grounds = [], []
    for _ in range(n):
        parts = [0.15, *rng.normal(0.0, 0.12, 2)]
        ground = 0.5 + rng.uniform(-0.05, 0.05) + np.tensordot(parts, np.stack(forms), axes=1)
        image = ground + rng.normal(0.0, 0.01, ground.shape)
        for _ in range(rng.integers(2, 8)):
            row, column = rng.uniform(0, SIZE)
            disc = np.hypot(y - row, x - column) < 4
            image[:, disc] = rng.choice([0.05, 0.95], 3)[:, None]
        images.append(image.astype(np.float32))
        grounds.append(ground)
    return images, grounds


@pytest.fixture(scope="module")
def learnt():
    return Learnt(learn(on_forms(40, 0)[0]))


def off(background, images, grounds):
    """How far the fitted grounds are from the true ones, in the mean."""
    drawn = [background.draw(background.fit(image), SIZE) for image in images]
    return np.abs(np.stack(drawn) - np.stack(grounds)).mean()


def test_the_forms_of_a_set_are_learnt(learnt):
    images, grounds = on_forms(20, 1)
    assert learnt.pictures.shape == (1 + FORMS, 3, GRID, GRID)
    assert off(learnt, images, grounds) < 0.02 < 0.05 < off(Smooth(), images, grounds)


def test_an_object_is_no_ground(learnt):
    images, grounds = on_forms(1, 2)
    image = grounds[0].astype(np.float32)
    image[:, 20:30, 30:40] = 0.95
    less = learnt.less(image, learnt.fit(image))
    apart = 0.95 - grounds[0][:, 20:30, 30:40]
    assert np.abs(less[:, 20:30, 30:40] - apart).mean() < 0.02


def test_what_is_drawn_is_fitted_again(learnt):
    forms = learnt.pictures[1:]
    parts = np.array([1.0, -0.5, 0.5, 0.2]) * 0.1 / np.abs(forms).mean(axis=(1, 2, 3))
    values = np.concatenate([[0.02, -0.03, 0.01], parts])
    again = learnt.fit(learnt.draw(values, (48, 48)))
    assert np.abs(learnt.draw(again, (30, 50)) - learnt.draw(values, (30, 50))).max() < 0.02


def test_few_images_tell_a_mean_alone():
    images, _ = on_forms(LEAST, 3)
    assert Learnt(learn([image[:1] for image in images])).pictures.shape == (2, 1, GRID, GRID)
    assert not np.isnan(learn([np.full((3, 20, 30), 0.5, np.float32)] * 20)).any()


def test_learnt_from_the_same_images_is_the_same():
    images, _ = on_forms(8, 4)
    assert np.array_equal(learn(images), learn(images))
