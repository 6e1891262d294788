"""Numbers of Omniglot's result against their definitions."""

import numpy as np
import pytest
from scipy.stats import rankdata

from airscene.images.sets.omniglot import Characters
from airscene.paper.counting.omniglot import (
    partial_rank_correlation,
    rank_correlation,
    stroke_numbers,
)


def test_partial_correlation_is_that_of_the_residuals():
    rng = np.random.default_rng(0)
    given = rng.normal(size=400)
    some, others = given + rng.normal(size=400), given**3 + 2.0 * rng.normal(size=400)
    counts = np.round(some)
    ranks = np.stack([rankdata(x) for x in (counts, others, given)])
    design = np.column_stack([np.ones(400), ranks[2]])
    left = [r - design @ np.linalg.lstsq(design, r, rcond=None)[0] for r in ranks[:2]]
    found = partial_rank_correlation(counts, others, given)
    assert found == pytest.approx(np.corrcoef(left[0], left[1])[0, 1])
    assert found < rank_correlation(counts, others)
    assert rank_correlation(np.ones(400), others) == 0.0


def test_strokes_that_are_told_apart():
    """Two bars apart: pieces that are the bars are right, and so are connected ones."""
    image = np.zeros((30, 30), np.uint8)
    image[4:6, 3:27] = image[22:24, 3:27] = 255
    pen = b"START\n" + b"BREAK\n".join(
        b"%.1f,-%.1f,0\n%.1f,-%.1f,9\n" % (10.5, y * 3.5, 94.5, y * 3.5) for y in (5.0, 23.0)
    )
    one = Characters(
        images=image[None],
        strokes=np.array([2]),
        alphabet=np.array(["Bars"]),
        character=np.array([1]),
        drawer=np.array([1]),
        pens=[pen + b"BREAK\n"],
        source="a test",
    )
    bars = np.stack([image * (np.arange(30) < 15)[:, None], image * (np.arange(30) > 15)[:, None]])
    drawn = np.concatenate([bars[::-1], image[None]])[None] / 255.0
    found = stroke_numbers(one, np.array([2]), drawn)
    assert found["stroke_f1"] == found["connected_stroke_f1"] == 1.0
    assert found["whole_stroke_f1"] == pytest.approx(0.5)
    assert found["compact_stroke_f1"] == 1.0
    # The third draws both, and takes what ties leave it: nothing.
    assert stroke_numbers(one, np.array([3]), drawn)["stroke_recall"] == 1.0
    none = stroke_numbers(one, np.array([0]), drawn)
    assert none["stroke_f1"] == 0.0
