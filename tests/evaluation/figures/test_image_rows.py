"""Rows of images: every panel is where it should be, and the JSON holds what is shown."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from airscene.evaluation import ImageRow, image_rows
from airscene.evaluation.figures.picture import STEP_COLOURS


@pytest.mark.parametrize("channels", [(), (3,)])
def test_every_panel_is_in_its_row_with_its_windows(channels):
    grey = np.linspace(0, 1, 6).reshape(2, 3)
    images = np.broadcast_to(
        grey.reshape(2, 3, 1, 1, *(1,) * len(channels)), (2, 3, 50, 50, *channels)
    )
    frame = np.array([[10.0, 10.0, 20.0, 30.0]])
    rows = [ImageRow("data", images[0]), ImageRow("a\nmodel", images[1], [frame, frame[:0], frame])]
    picture = image_rows(rows)
    with Image.open(io.BytesIO(picture.data)) as file:
        pixels = np.asarray(file.convert("RGB"))
    assert pixels.shape == (2 * 100 + 4, 110 + 3 * 100 + 2 * 4, 3)
    for row in range(2):
        for column in range(3):
            y, x = row * 104 + 90, 110 + column * 104 + 90
            assert np.allclose(pixels[y, x], 255 * grey[row, column], atol=6)
    # The window of the first step, two pixels wide, in the first and the last image.
    for column, there in enumerate([True, False, True]):
        at = pixels[104 + 2 * 15, 110 + column * 104 + 20]
        assert (tuple(at) == STEP_COLOURS[0]) == there
    assert (pixels[:, :110] < 128).any()  # the labels
    shown = json.loads(json.dumps(picture.shown))
    assert [row["label"] for row in shown["rows"]] == ["data", "a\nmodel"]
    assert shown["rows"][1]["windows"] == [[[10, 10, 20, 30]], [], [[10, 10, 20, 30]]]
