"""How well scenes explain images."""

import numpy as np
from jaxtyping import UInt8

from airscene.graphics import Likelihood, SceneBatch
from airscene.graphics.blur import blur_basis, blurred, log_likelihoods
from airscene.inference.chunks import CHUNK
from airscene.inference.drawing import Drawing
from airscene.inverse.search.refine import Score


def score_of(
    drawing: Drawing, targets: UInt8[np.ndarray, "targets height width 3"], likelihood: Likelihood
) -> Score:
    """The function that draws scenes and compares each with one of the targets.

    Args:
        drawing: What draws them.
        targets: The images.
        likelihood: What images are compared by.
    """
    blur, sigma = likelihood
    bases = [blur_basis(side, blur) for side in targets.shape[1:3]]
    observed = blurred(targets, *bases)

    def score(scenes: SceneBatch, which: np.ndarray) -> np.ndarray:
        values = np.zeros(len(scenes))
        # A few at a time, as blurred images take four times as much memory as images.
        for start in range(0, len(scenes), CHUNK):
            some = slice(start, start + CHUNK)
            drawn = blurred(drawing.draw(scenes[some]), *bases)
            values[some] = log_likelihoods(drawn, observed, which[some], sigma, targets[0].size)
        return values

    return score
