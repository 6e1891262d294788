"""Pieces against strokes: ink is shared out whole, and the best matching is the best of all."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airscene.evaluation.metrics.strokes import FAINT, covered, piece_ink, stroke_ink


def cross():
    """A horizontal and a vertical bar, two pixels wide, and the way of the pen in each."""
    image = np.zeros((20, 20))
    image[9:11, 2:18] = image[2:18, 9:11] = 1.0
    return image, [np.array([[2.0, 10.0], [18.0, 10.0]]), np.array([[10.0, 2.0], [10.0, 18.0]])]


def test_ink_belongs_to_the_nearest_stroke():
    image, paths = cross()
    across, down = stroke_ink(0.5 * image, paths)
    assert np.array_equal(across + down, 0.5 * image)
    assert across[9:11, 2:8].all() and not down[9:11, 2:8].any()
    assert down[2:8, 9:11].all() and not across[2:8, 9:11].any()


def test_a_stroke_of_one_point():
    image = np.zeros((6, 6))
    image[1, 1] = image[4, 4] = 1.0
    dot, other = stroke_ink(image, [np.array([[1.5, 1.5]]), np.array([[4.0, 4.0], [5.0, 5.0]])])
    assert dot[1, 1] == other[4, 4] == 1.0 and dot.sum() == other.sum() == 1.0


def test_ink_belongs_to_the_piece_that_draws_it_most():
    image = np.array([[1.0, 0.5, 1.0, 0.0]])
    drawn = np.array([[[0.9, 0.2, 0.5 * FAINT, 1.0]], [[0.1, 0.3, 0.0, 0.0]]])
    expected = [[[1.0, 0.0, 0.0, 0.0]], [[0.0, 0.5, 0.0, 0.0]]]
    assert np.array_equal(piece_ink(image, drawn), expected)
    assert piece_ink(image, drawn[:0]).shape == (0, 1, 4)


def test_known_matchings():
    image, paths = cross()
    strokes = stroke_ink(image, paths)
    assert covered(strokes[::-1], strokes) == (1.0, 1.0, 1.0)
    # One piece for both covers one of them, whose share is about a half.
    share = strokes.sum(axis=(1, 2)).max() / image.sum()
    assert covered(image[None], strokes) == pytest.approx((share, share, share))
    # A stroke in two halves: the larger one is matched, the other is not.
    halves = strokes[0] * (np.arange(20) < 8), strokes[0] * (np.arange(20) >= 8)
    found = covered(np.stack([*halves, strokes[1]]), strokes)
    matched = halves[1].sum() + strokes[1].sum()
    assert found.precision == found.recall == pytest.approx(matched / image.sum())
    # A stroke that is missed costs recall alone.
    missed = covered(strokes[:1], strokes)
    assert missed.precision == 1.0 and missed.recall < 0.6
    assert covered(strokes[:0], strokes) == (0.0, 0.0, 0.0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
def test_no_matching_shares_more(seed, n, m):
    rng = np.random.default_rng(seed)
    pieces, strokes = (rng.random((k, 3, 5)) * (rng.random((k, 3, 5)) < 0.5) for k in (n, m))
    both = np.minimum(pieces[:, None], strokes[None]).sum(axis=(2, 3))
    few, many = (both, range(m)) if n <= m else (both.T, range(n))
    best = max(
        sum(row[k] for row, k in zip(few, chosen, strict=True))
        for chosen in itertools.permutations(many, len(few))
    )
    found = covered(pieces, strokes)
    if pieces.sum() and strokes.sum():
        assert found.precision == pytest.approx(best / pieces.sum())
        assert found.recall == pytest.approx(best / strokes.sum())
        assert found.f1 == pytest.approx(2 * best / (pieces.sum() + strokes.sum()))
