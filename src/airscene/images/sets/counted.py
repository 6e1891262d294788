"""Folders of images whose objects were counted by hand: to measure on, never to train with."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from airscene.errors import InputError
from airscene.images.load import load_images
from airscene.images.pictures import GreyOrColour

# The share of the images that is trained on; which ones follows from this seed.
TRAINED, SEED = 0.7, 0


@dataclass(frozen=True)
class Counted:
    """An image whose objects are known.

    Args:
        source: The file's name.
        image: The image.
        count: How many objects it has.
        boxes: Their boxes (x0, y0, x1, y1) in pixels; None if only the count is known.
    """

    source: str
    image: GreyOrColour
    count: int
    boxes: Float[np.ndarray, "count 4"] | None


def load_counted(name: str) -> tuple[list[Counted], list[Counted]]:
    """Return the images of a set to train on, and those that are held out.

    Args:
        name: Its folder in `own` of the folder that AIRSCENE_DATA names. There, `truth.json` says
            `{"file": {"count": n, "boxes": [[x0, y0, x1, y1], ...]}}`.

    Raises:
        InputError: If there is no such folder, or its truth cannot be read.
    """
    folder = Path(os.environ.get("AIRSCENE_DATA", ".")) / "own" / name
    file = folder / "truth.json"
    try:
        truth = json.loads(file.read_text(encoding="utf-8"))
        counted = [
            Counted(
                source,
                load_images(str(folder / source))[0][1],
                int(said["count"]),
                np.array(said["boxes"], float).reshape(-1, 4) if "boxes" in said else None,
            )
            for source, said in sorted(truth.items())
        ]
    except OSError as error:
        raise InputError(
            f"there are no images of {name} at {folder}; AIRSCENE_DATA should name the folder that "
            "holds own/"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not say what the images hold ({error})") from error
    order = np.random.default_rng(SEED).permutation(len(counted))
    n = int(TRAINED * len(counted))
    return [counted[k] for k in order[:n]], [counted[k] for k in order[n:]]
