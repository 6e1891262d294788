"""Something tiny that can be learnt: one or two bright squares on black."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def squares():
    """Bright squares of 4 pixels on 12x12: none, one or two in an image."""
    rng = np.random.default_rng(0)
    images = np.zeros((60, 1, 12, 12), np.uint8)
    for i, image in enumerate(images):
        for x, y in rng.integers(0, 9, (i % 3, 2)):
            image[0, y : y + 4, x : x + 4] = 250
    return images
