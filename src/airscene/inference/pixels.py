"""2-D scenes from latents to pixels of the images given, and back."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Int

from airscene.errors import InputError
from airscene.inference.infer import Inferred
from airscene.model.air import AIR
from airscene.scene import Scene, SceneObject, Scenes, Unlike


def in_images(
    given: list[tuple[str, np.ndarray]],
    inferred: Inferred,
    counts: Int[np.ndarray, " n"],
    sample: int | None,
    model_size: tuple[int, int],
    unlike: Sequence[Unlike] | None = None,
) -> list[Scene]:
    """Return what was inferred of images of these names, in pixels of each."""
    probs = np.exp(inferred.log_q.astype(float))
    probs /= probs.sum(axis=1, keepdims=True)
    at_least = np.clip(probs[:, ::-1].cumsum(axis=1)[:, ::-1], 0.0, 1.0).tolist()
    sizes = [image.shape[:2] for _, image in given]
    of_size = {size: _stretch(size, model_size) for size in set(sizes)}
    stretch = np.array([of_size[size] for size in sizes])[:, None]
    windows, boxes = (inferred.windows * stretch).tolist(), (inferred.boxes * stretch).tolist()
    scenes = []
    for i, (source, _) in enumerate(given):
        objects = tuple(
            SceneObject(
                presence=at_least[i][k + 1],
                window=tuple(windows[i][k]),
                box=tuple(boxes[i][k]),
                what=inferred.z_what[i, k],
            )
            for k in range(counts[i])
        )
        resized_from = None if sizes[i] == model_size else sizes[i]
        unlike_i = None if unlike is None else unlike[i]
        scenes.append(Scene(source, probs[i], objects, sample, resized_from, unlike_i))
    return scenes


def latents(
    scenes: Scenes, air: AIR, name: str
) -> tuple[Float32[np.ndarray, "n steps 3"], Float32[np.ndarray, "n steps what"]]:
    """Return the latents of scenes, for the objects that they have.

    Raises:
        InputError: If the scenes are not of the model's size, code or number of objects, or a
            window is empty.
    """
    c, size = air.config, air.config.image_shape[1:]
    most = max((len(scene.objects) for scene in scenes), default=0)
    if scenes.image_size != size or most > c.n_steps:
        raise InputError(
            f"the scenes are of {scenes.image_size} pixels with up to {most} objects; "
            f"{name} draws {size} pixels and {c.n_steps} objects"
        )
    z_where = np.zeros((len(scenes), c.n_steps, 3), np.float32)
    z_what = np.zeros((len(scenes), c.n_steps, c.n_what), np.float32)
    for i, scene in enumerate(scenes):
        stretch = _stretch(scene.image_size or size, size)
        for k, thing in enumerate(scene.objects):
            x0, _, x1, _ = window = np.divide(thing.window, stretch)
            if x0 >= x1:
                raise InputError(
                    f"{scene.source}: an object's window is {thing.window}; it should be "
                    "(x0, y0, x1, y1) with x0 < x1"
                )
            if len(thing.what) != c.n_what:
                raise InputError(
                    f"{scene.source}: an object's code has {len(thing.what)} numbers; "
                    f"{name} takes {c.n_what}"
                )
            z_where[i, k] = air.pose.inverse(tuple(window), size)
            z_what[i, k] = thing.what
    return z_where, z_what


def _stretch(size: tuple[int, int], model_size: tuple[int, int]) -> np.ndarray:
    """Pixels of an image of this size a pixel of the model, for (x0, y0, x1, y1)."""
    return np.tile(np.divide(size, model_size)[::-1], 2)
