"""Images that a model was not trained on: what a result asks of it, and photographs."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.images import fit_image, load_images, resample
from airscene.images.config import DataConfig
from airscene.runs.preset import channels_first

# Deviations of noise on black, and even grounds that are added.
NOISES, GROUNDS = (0.05, 0.1, 0.2, 0.3), (0.05, 0.1, 0.2, 0.3)

# Seeds of data whose held-out scenes are shown: no recipe was chosen on them.
SEEDS = (501, 502, 503, 504, 505, 506)

# A photograph is cut to a square of so large a share of its short side.
CROPS = 0.3, 1.0

Planes = Float[np.ndarray, "n channel height width"]


def strange_images(data: DataConfig, n: int) -> Iterator[tuple[str, Planes]]:
    """Make images that scenes of a data set are not like, of each kind `n`.

    Noise on black, clipped; scenes on an even ground; scenes of objects of half and of twice the
    size, with one object at least; three scenes in one, of two objects each where the number is
    known; and scenes inverted.

    Args:
        data: The data set, whose held-out scenes they are made of.
        n: How many.

    Yields:
        The name of a kind, and the images, channels first, values in [0, 1].
    """
    scenes, rng = held_out(data, n), np.random.default_rng(SEEDS[0])
    for deviation in NOISES:
        noise = rng.normal(0.0, deviation, scenes.shape)
        yield f"noise_{deviation}", np.clip(noise, 0.0, 1.0)
    for ground in GROUNDS:
        yield f"ground_{ground}", np.minimum(scenes + ground, 1.0)
    yield "half_size", of_size(data, n, 2.0)
    yield "double_size", of_size(data, n, 0.5)
    yield "six_objects", np.minimum(sum(held_out(data, n, seed, (2,)) for seed in SEEDS[3:]), 1.0)
    yield "inverted", 1.0 - scenes


def held_out(
    data: DataConfig,
    n: int,
    seed: int = SEEDS[0],
    counts: tuple[int, ...] = (),
    size: int | None = None,
) -> Planes:
    """Return held-out scenes, of a seed that no recipe was chosen on; in another order otherwise.

    Args:
        data: The data set.
        n: How many.
        seed: Decides them.
        counts: Numbers of objects, where they can be chosen; those of the data set if there are
            none.
        size: Side of the images, where objects keep their size; that of the data set if not given.
    """
    drawn = "counts" not in data.unused()
    if drawn:
        size = size or data.image_size
        changed = {"counts": counts or data.counts, "image_size": size}
        data = replace(data, data_seed=seed, n_test=n, **changed)
    planes = channels_first(data.load("test").images) / 255.0
    if drawn:
        return planes
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(planes)) if n <= len(planes) else rng.integers(len(planes), size=n)
    return planes[order[:n]]


def of_size(data: DataConfig, n: int, larger: float) -> Planes:
    """Return held-out scenes seen from afar, or from near: of images that are so much larger.

    Args:
        data: The data set.
        n: How many.
        larger: The side of the images in those of the data set, before they are resampled to it.
    """
    size, side = data.image_size, round(data.image_size * larger)
    if "counts" not in data.unused():
        counts = tuple(c for c in data.counts if c > 0)
        # Of digits, no second one has room in a small image.
        counts = counts if larger > 1 or data.kind == "sprites" else (1,)
        planes = held_out(data, n, SEEDS[1] if larger > 1 else SEEDS[2], counts, side)
    else:
        planes, edge = held_out(data, n, SEEDS[1]), abs(side - size) // 2
        if larger > 1:
            planes = np.pad(planes, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        else:
            planes = planes[:, :, edge : size - edge, edge : size - edge]
    flat = planes.reshape(-1, *planes.shape[2:])
    return resample(flat, (size, size)).reshape(len(planes), -1, size, size)


def photographs(folder: Path, n: int, channels: int, size: tuple[int, int]) -> Planes:
    """Return square crops of photographs, at random, brought to a model's size and channels.

    Args:
        folder: Folder of folders of pictures.
        n: How many.
        channels: The model's channels.
        size: The model's height and width.

    Raises:
        InputError: If there are no pictures.
    """
    files = sorted(f for kind in ("jpg", "jpeg", "png") for f in folder.glob(f"*/*.{kind}"))
    if not files:
        raise InputError(f"no pictures in the folders of {folder}; name a folder that has some")
    pictures = [image for _, image in load_images([str(file) for file in files])]
    rng, found = np.random.default_rng(SEEDS[0]), []
    for which in rng.integers(len(pictures), size=n):
        picture = pictures[which]
        side = int(rng.uniform(*CROPS) * min(picture.shape[:2]))
        y, x = (int(rng.integers(long - side + 1)) for long in picture.shape[:2])
        crop = picture[y : y + side, x : x + side]
        found.append(fit_image(crop, size, channels, True, str(files[which])))
    return np.stack(found)


def photograph_folder() -> Path | None:
    """Return the folder `own` in the one that AIRSCENE_DATA names, if it is there."""
    named = os.environ.get("AIRSCENE_DATA")
    folder = Path(named or "", "own")
    return folder if named and folder.is_dir() else None
