"""The images whose cost is measured."""

import numpy as np
import pytest

from airscene.paper.own.scan_cost import GROUP, digits_on
from airscene.runs.presets.masked import MANY_DIGITS


@pytest.mark.parametrize(("side", "n"), [(128, 9), (512, 25), (256, 20)])
def test_digits_lie_in_groups_that_do_not_meet(side, n):
    images = digits_on(MANY_DIGITS.override(digits="bundled"), side, n, 2)
    assert len(images) == 2 and not np.array_equal(*images)
    for image in images:
        assert image.shape == (side, side) and 0.0 == image.min() < image.max() <= 1.0
        squares = image.reshape(side // GROUP, GROUP, side // GROUP, GROUP)
        assert (squares.max(axis=(1, 3)) > 0).sum() == -(-n // 9)
