"""The likelihood in frequencies against the same in pixels, by another library."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from airscene.graphics.blur import blur_basis, blurred, log_likelihoods


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    smooth = gaussian_filter1d(gaussian_filter1d(rng.normal(size=(6, 48, 64, 3)), 3.0, 1), 3.0, 2)
    return np.clip(smooth / smooth.std() * 60 + 128 + rng.normal(size=smooth.shape), 0, 255)


@pytest.mark.parametrize("blur", [2.0, 4.0, 10.0])
def test_against_a_gaussian_filter_of_pixels(images, blur):
    images = images.astype(np.uint8)
    bases = blur_basis(48, blur), blur_basis(64, blur)
    assert len(bases[0]) < 48  # the frequencies that the blur removes are left out
    frequencies = blurred(images, *bases)
    which = np.array([1, 2, 3, 4, 5, 0])
    found = log_likelihoods(frequencies, frequencies, which, 0.05, images[0].size)

    # SciPy samples its kernel, which is the same once the blur is wide for a pixel.
    pixels = images / 255.0
    for axis in (1, 2):
        pixels = gaussian_filter1d(pixels, blur, axis, mode="reflect", truncate=8.0)
    errors = ((pixels - pixels[which]) ** 2).reshape(6, -1).sum(axis=1)
    normaliser = 0.5 * images[0].size * np.log(2 * np.pi * 0.05**2)
    exact = -0.5 * errors / 0.05**2
    np.testing.assert_allclose(found + normaliser, exact, rtol=2e-4)


def test_without_blur_nothing_is_lost(images):
    images = images.astype(np.uint8)
    frequencies = blurred(images, blur_basis(48, 0.0), blur_basis(64, 0.0))
    assert frequencies.shape == (6, 48 * 64 * 3)
    np.testing.assert_allclose(
        (frequencies**2).sum(axis=1), ((images / 255.0) ** 2).reshape(6, -1).sum(axis=1), rtol=1e-5
    )


def test_images_that_are_alike_blurred_are_alike():
    # A wide blur makes of a checkerboard its mean.
    board = (np.indices((48, 48)).sum(axis=0) % 2 * 200).astype(np.uint8)
    images = np.stack([board, np.full_like(board, 100)])[..., None].repeat(3, axis=3)
    basis = blur_basis(48, 6.0)
    frequencies = blurred(images, basis, basis)
    np.testing.assert_allclose(frequencies[0], frequencies[1], atol=0.02)  # of 19: its edges show
