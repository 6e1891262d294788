"""What `airscene infer` writes: files of scenes by their suffix, label images, and what it says."""

import io
import json
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt16

from airscene.errors import InputError
from airscene.scene import Damaged, PosedScenes, Scenes, objects_csv, to_coco, to_csv

Kind = Literal[".json", ".csv", ".coco.json"]


def kind_of(path: Path) -> Kind:
    """Says what a file of scenes holds, by its suffix.

    Args:
        path: the file.

    Returns:
        The suffix.

    Raises:
        InputError: if it is none of those that can be written.
    """
    if path.suffixes[-2:] == [".coco", ".json"]:
        return ".coco.json"
    if path.suffix == ".json":
        return ".json"
    if path.suffix == ".csv":
        return ".csv"
    raise InputError(f"--out is {path}; it should be the name of a .json, .csv or .coco.json file")


def content(scenes: Scenes | PosedScenes, kind: Kind, objects: bool) -> bytes:
    """Makes the content of a file of scenes.

    Args:
        scenes: what was found.
        kind: what the file holds.
        objects: whether a table has a row an object, and not a row an image.

    Returns:
        The whole file.

    Raises:
        InputError: if the scenes are in 3-D, and the file is of boxes.
    """
    if kind == ".json":
        text = scenes.to_json()
    elif kind == ".csv" and not objects:
        text = to_csv(scenes)
    elif isinstance(scenes, PosedScenes):
        raise InputError("scenes in 3-D have no boxes; give --out FILE.json or FILE.csv")
    elif kind == ".csv":
        text = objects_csv(scenes)
    else:
        text = json.dumps(to_coco(scenes), allow_nan=False) + "\n"
    # Names of files may hold bytes that are no text.
    return text.encode(errors="replace")


def label_png(labels: UInt16[np.ndarray, "height width"]) -> bytes:
    """Makes a grey PNG file of 16 bits of an image of labels."""
    # Here, as the command line needs Pillow for nothing else.
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(labels).save(file, "PNG", optimize=True)
    return file.getvalue()


def skipped(image: Damaged) -> str:
    """Says in a line that an image was skipped, and why: its name once, where it stands first."""
    reason = image.error
    for between in (" ", ": "):
        reason = reason.removeprefix(image.source + between)
    return " ".join(f"skipped {image.source}: {reason}".splitlines())


def unlike_images(scenes: Scenes | PosedScenes) -> str:
    """Says in a line how many images are unlike those of training; nothing if none is."""
    # Draws from the posterior are of the same image.
    images = [scene for scene in scenes if not scene.sample]
    unlike = [scene for scene in images if scene.unlike and scene.unlike.flag]
    if not unlike:
        return ""
    are = "is" if len(unlike) == 1 else "are"
    first = unlike[0]
    line = (
        f"{len(unlike)} of {len(images)} images {are} unlike what the model was trained on, the "
        f"first {first.source}: {first.unlike.reason if first.unlike else ''}"
    )
    return " ".join(line.splitlines())
