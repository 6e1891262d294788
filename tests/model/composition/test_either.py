"""Over and under are one composition in two orders."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airscene.model.composition.either import Either


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_under_is_over_in_the_other_order(seed, n):
    rng, composition = np.random.default_rng(seed), Either()
    masks = rng.random((n, 5, 7))
    drawn = masks[:, None] * rng.normal(size=(n, 3, 5, 7))
    upwards = np.zeros((3, 5, 7))
    for one, mask in zip(drawn, masks, strict=True):
        upwards = composition.add(upwards, one, mask)
    downwards, covered = np.zeros((3, 5, 7)), np.zeros((5, 7))
    for one, mask in zip(drawn[::-1], masks[::-1], strict=True):
        downwards = composition.under(downwards, one, mask, covered)
        covered = 1.0 - (1.0 - covered) * (1.0 - mask)
    assert np.allclose(upwards, downwards)
