"""Making renders small: what does not shrink is refused."""

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.graphics import shrink
from airscene.inverse.config import InverseConfig
from airscene.inverse.unroll import as_inputs


@pytest.mark.parametrize("factor", [0, -1, 3])
def test_blocks_that_do_not_fill_images_are_refused(factor):
    with pytest.raises(InputError, match=f"8x8 pixels do not shrink by a factor of {factor}"):
        shrink(np.zeros((2, 8, 8, 3), np.uint8), factor)


def test_images_smaller_than_the_networks_see_are_refused():
    config = InverseConfig(n_types=1)
    height, width = config.image_shape[1:]
    with pytest.raises(InputError, match="do not shrink"):
        as_inputs(np.zeros((1, height // 2, width // 2, 3), np.uint8), config)
