"""Scenes seen from above: a valid picture, and in numbers what it shows."""

import io
import json

import numpy as np
from PIL import Image

from airscene.evaluation import top_view


def test_what_is_drawn_is_told():
    types = np.array([[0, 1, -1], [-1, -1, -1], [1, 1, 0], [0, -1, -1], [1, -1, -1]])
    poses = np.random.default_rng(0).uniform(-1, 1, (5, 3, 3))
    angles = np.linspace(-0.5, 0.5, 5)[:, None]
    found = (np.roll(types, 1, axis=1), poses + 0.1)
    none = np.zeros((5, 0))
    drawn = top_view(["cup", "plate"], [False, True], (types, poses), found, (angles, angles + 0.1))
    fixed = top_view(["cup", "plate"], [False, True], (types, poses), found, (none, none))
    exact = top_view(["cup", "plate"], [False, True], (types, poses), (types, poses), (none, none))
    ink = [
        (np.asarray(Image.open(io.BytesIO(p.data)).convert("L")) < 200).mean()
        for p in (drawn, fixed, exact)
    ]
    # Each camera is a line; none is drawn where it is fixed.
    assert ink[0] > ink[1] > 0.0 and len({p.data for p in (drawn, fixed, exact)}) == 3
    told = json.loads(json.dumps(drawn.shown, allow_nan=False))
    assert told["true"]["types"] == types.tolist()
    np.testing.assert_allclose(told["inferred"]["poses"], found[1], atol=1e-4)
    np.testing.assert_allclose(told["inferred"]["camera"], angles + 0.1, atol=1e-4)
    assert fixed.shown["true"]["camera"] == [[]] * 5
