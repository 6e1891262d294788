"""The robust likelihood is a density, Gaussian near the canvas, with heavier tails."""

import numpy as np
import pytest
from scipy import integrate

from airscene.model.likelihood.gaussian import Gaussian
from airscene.model.likelihood.robust import Robust


@pytest.mark.parametrize(("sigma", "knee"), [(0.1, 0.1), (0.3, 0.1), (0.05, 0.3)])
def test_it_integrates_to_one(sigma, knee):
    robust = Robust(sigma, knee)
    x = np.linspace(-60 * sigma, 60 * sigma, 200_001)
    density = np.exp(np.asarray(robust.log_prob(x, np.zeros_like(x)), float))
    assert integrate.simpson(density, x=x) == pytest.approx(1.0, abs=1e-4)


def test_near_the_canvas_it_is_gaussian_and_beyond_a_line():
    robust, gaussian = Robust(0.2, 1.0), Gaussian(0.2)
    near = np.linspace(-0.05, 0.05, 11)
    assert np.allclose(robust.deficit(near), gaussian.deficit(near), rtol=2e-3)
    far = robust.deficit(np.array([10.0, 20.0, 30.0]))
    assert np.diff(far, 2) == pytest.approx(0.0, abs=0.1)
    assert far[0] < gaussian.deficit(np.array(10.0)) / 3
