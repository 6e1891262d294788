"""Bring your own renderer: any function from scenes to images, drawn in worker processes.

This one draws triangles and squares with Pillow, and moves a guess up the gradient of its
log-likelihood, by finite differences, until it lies on what an image shows.
"""

from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from airscene.graphics import (
    FunctionRenderer,
    RenderPool,
    SceneBatch,
    Steps,
    combine_differences,
    plan_differences,
)


def draw(scenes: SceneBatch) -> np.ndarray:
    """Images of 64x64 pixels: type 0 is a triangle, type 1 a square, -1 nothing."""
    images = []
    for types, poses in zip(scenes.types.tolist(), scenes.poses.tolist(), strict=True):
        image = Image.new("RGB", (256, 256))
        for kind, (x, y, angle) in zip(types, poses, strict=True):
            if kind >= 0:
                circle = (128 + 100 * x, 128 - 100 * y, 30)
                colour = ("tomato", "gold")[kind]
                pen = ImageDraw.Draw(image)
                pen.regular_polygon(circle, 3 + kind, rotation=np.degrees(angle), fill=colour)
        images.append(np.asarray(image.reduce(4)))
    return np.stack(images)


if __name__ == "__main__":
    types = np.array([[0, 1]])
    truth = SceneBatch.of(types, np.array([[[-0.4, 0.0, 0.3], [0.4, 0.2, 0.0]]]))
    guess = SceneBatch.of(types, np.array([[[-0.2, 0.1, 0.0], [0.3, 0.0, 0.3]]]))
    with RenderPool(partial(FunctionRenderer, draw, (64, 64))) as pool:
        target = pool.render(truth)
        for step in range(40):
            plan = plan_differences(guess, Steps(position=0.05, rotation=0.2), central=True)
            values = pool.log_likelihoods(plan.scenes, target, plan.source, blur=2.0, sigma=0.1)
            slope = combine_differences(plan, values).poses * (1.0, 1.0, 10.0)
            far = 0.05 * 0.95**step / np.linalg.norm(slope)
            guess = SceneBatch.of(types, guess.poses + far * slope)
        error = np.abs(guess.poses - truth.poses).max(axis=(0, 1))
        print(f"Off by {error[:2].max():.3f} in position and {error[2]:.3f} in rotation")
