"""Object sizes, estimated without labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airscene.model.patch.size import object_size, object_sizes


def discs(side: int, n: int, seed: int, value: float = 1.0) -> np.ndarray:
    """Discs of a diameter on zeros, apart from each other."""
    rng, image = np.random.default_rng(seed), np.zeros((1, 200, 200), np.float32)
    y, x = np.indices((200, 200))
    cells = rng.permutation(9)[:n]
    for cell in cells:
        row, column = 33 + 66 * (cell // 3), 33 + 66 * (cell % 3)
        image[0, (y - row) ** 2 + (x - column) ** 2 <= (side / 2) ** 2] = value
    return image


@settings(max_examples=25, deadline=None)
@given(side=st.integers(10, 50), n=st.integers(1, 9), value=st.sampled_from([1.0, -0.5, 0.2]))
def test_discs(side, n, value):
    size, count = object_size(discs(side, n, 0, value))
    # A disc is as wide as the circle within: the estimate allows for what is not round.
    assert size == pytest.approx(1.2 * side, rel=0.15, abs=3)
    assert count == n


def test_sizes_that_differ_between_images_are_mixed():
    alike = object_sizes([discs(20 + k % 3, 4, k) for k in range(10)])
    mixed = object_sizes([discs((12, 40)[k % 2] + k % 3, 4, k) for k in range(10)])
    assert not alike.are_mixed and mixed.are_mixed
    assert alike.n_objects == 4


def test_nothing_has_no_size():
    assert object_size(np.zeros((3, 50, 50), np.float32)) == (0.0, 0)
    assert object_sizes([np.zeros((3, 50, 50), np.float32)]).typical == 0.0
