"""The film of inference: each frame adds one object, and the last says why there is no other."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from airscene.evaluation import Inference, draw_windows, inference_film
from airscene.evaluation.figures.picture import STEP_COLOURS, enlarge


def scene(image, count, most=3):
    """A scene whose objects are drawn one strip after the other."""
    strips = np.linspace(0, 50, count + 1).astype(int) if count else [0]
    canvases = np.zeros((count + 1, *image.shape))
    for n, end in enumerate(strips):
        canvases[n, :end] = image[:end]
    starts = np.linspace(0, 20, count) if count else np.zeros(0)
    windows = np.stack([starts, starts, starts + 20, starts + 25], axis=1)
    probs = np.full(most + 1, 0.02)
    probs[count] = 1 - 0.02 * most
    return Inference(image, windows, canvases, probs)


def frames_of(picture):
    film = Image.open(io.BytesIO(picture.data))
    assert film.format == "GIF" and film.info["loop"] == 0
    for i in range(film.n_frames):
        film.seek(i)
        yield np.asarray(film.convert("RGB")).astype(int), film.info["duration"]


def lines_of(panel):
    """Where a window is drawn."""
    return (panel[:, :, None] == np.array(STEP_COLOURS)).all(axis=-1).any(axis=-1)


def test_each_frame_adds_one_object(images):
    scenes = [scene(images[0], 2), scene(images[1], 0), scene(images[2], 3)]
    picture = inference_film(scenes)
    # Nothing yet, then each object, then nothing further; after the most, there is no further step.
    expected = [(0, n) for n in (0, 1, 2, 2)] + [(1, 0), (1, 0)] + [(2, n) for n in range(4)]
    frames = list(frames_of(picture))
    assert len(frames) == len(expected) == picture.shown["frames"]
    for (frame, _), (k, n) in zip(frames, expected, strict=True):
        looked = draw_windows(scenes[k].image, scenes[k].windows[:n], 4)
        drawn = enlarge(scenes[k].canvases[n], 4)
        for left, panel in ((0, looked), (204, drawn)):
            shown = frame[26:226, left : left + 200]
            assert np.abs(shown - panel).mean() < 6
            # Few shades are left of the images, but the windows keep their exact colours.
            assert np.array_equal(shown[lines_of(panel)], panel[lines_of(panel)])
        assert len(np.unique(looked[lines_of(looked)], axis=0)) == n
    durations = [duration for _, duration in frames]
    assert [i for i in range(10) if durations[i] == max(durations)] == [3, 5, 9]
    assert len(picture.data) < 300_000


def test_captions_give_the_probability_of_each_step(images):
    probs = np.array([0.1, 0.2, 0.6, 0.1])
    two = Inference(images[0], np.zeros((2, 4)), np.zeros((3, *images[0].shape)), probs)
    assert two.captions() == [
        "",
        "step 1: an object (p = 0.900)",
        f"step 2: an object (p = {0.7 / 0.9:.3f})",
        f"step 3: nothing further (p = {0.6 / 0.7:.3f})",
    ]
    # The probabilities of the steps are those of the count.
    given = [float(line.rpartition(" ")[2][:-1]) for line in two.captions()[1:]]
    assert np.prod(given) == pytest.approx(0.6, abs=2e-3)
    three = Inference(images[0], np.zeros((3, 4)), np.zeros((4, *images[0].shape)), probs)
    assert len(three.captions()) == 4 and "nothing" not in three.captions()[-1]


def test_the_data_beside_the_film(images):
    shown = json.loads(json.dumps(inference_film([scene(images[0], 2)]).shown, allow_nan=False))
    (told,) = shown["scenes"]
    assert told["count_probs"] == [0.02, 0.02, 0.94, 0.02]
    assert told["windows"] == [[0, 0, 20, 25], [20, 20, 40, 45]]
    assert told["image_and_canvases"].startswith("data:image/png;base64,")
