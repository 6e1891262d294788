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
    size, circles, longer = object_size(discs(side, n, 0, value))
    # A disc is as wide as the circle within: the estimate allows for what is not round.
    assert size == pytest.approx(1.2 * side, rel=0.15, abs=3)
    assert len(circles) == n
    assert longer == pytest.approx(np.ones(n), abs=0.25)


def test_circles_are_where_discs_are():
    y, x = np.indices((100, 120)) + 0.5
    places = [(20.0, 30.0), (60.0, 75.0), (100.0, 20.0)]
    near = [np.hypot(x - a, y - b) < 9 for a, b in places]
    found = object_size(np.sum(near, axis=0, dtype=np.float32)[None])
    circles = found.circles[np.argsort(found.circles[:, 0])]
    assert np.abs(circles - [(a, b, 9.0) for a, b in places]).max() < 1.5


def test_sizes_that_differ_between_images_are_mixed():
    alike = object_sizes([discs(20 + k % 3, 4, k) for k in range(10)])
    mixed = object_sizes([discs((12, 40)[k % 2] + k % 3, 4, k) for k in range(10)])
    assert not alike.are_mixed and mixed.are_mixed
    assert alike.n_objects == 4


@pytest.mark.parametrize(("width", "height"), [(20, 20), (30, 20), (16, 30)])
def test_the_longer_side_is_measured_on_objects_that_stand_alone(width, height):
    images = []
    for k in range(6):
        # The last touches the edge, and what is seen of it tells nothing.
        image = np.zeros((1, 200, 240), np.float32)
        for x, y in ((30 + k, 20), (100, 60 - k), (150, 140 + k), (240 - width // 2, 100)):
            image[0, y : y + height, x : x + width] = 1.0
        images.append(image)
    found = object_sizes(images)
    assert found.box * 200 == pytest.approx(max(width, height), rel=0.1)
    # Where few stand alone, as before.
    assert object_sizes(images[:1]).box == object_sizes(images[:1]).typical


def test_nothing_has_no_size():
    found = object_size(np.zeros((3, 50, 50), np.float32))
    assert (found.side, found.circles.shape) == (0.0, (0, 3))
    assert object_sizes([np.zeros((3, 50, 50), np.float32)]).typical == 0.0
