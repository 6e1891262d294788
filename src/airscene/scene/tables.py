"""Scenes as tables, for spreadsheets: a row an image, or a row an object."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import Any

from airscene.scene.json_fields import rounded
from airscene.scene.posed import PosedScenes
from airscene.scene.scene import Scene, Scenes

IMAGE_COLUMNS = ("source", "count", "p_count", "unlike", "error")
OBJECT_COLUMNS = ("source", "object", "presence", "x0", "y0", "x1", "y1", "area")

# A cell that begins so is a formula to a spreadsheet, which would run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(scenes: Scenes | PosedScenes) -> str:
    """Makes a table of scenes, a row an image (a row a draw, where several were asked for).

    Args:
        scenes: what was found. Damaged images come last.

    Returns:
        CSV with the columns `IMAGE_COLUMNS`. `source` is the name of the file. `p_count` is the
        probability of the count; empty in 3-D. `unlike` is 1 if the image is unlike those of
        training, 0 if not, and empty if the model does not say. Damaged images have no count but
        an error. Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    rows: list[tuple[Any, ...]] = []
    for scene in scenes:
        count, probable = scene.count, ""
        if isinstance(scene, Scene) and count < len(scene.count_probs):
            (probable,) = rounded([scene.count_probs[count]], 4)
        unlike = "" if scene.unlike is None else int(scene.unlike.flag)
        rows.append((file_name(scene.source), count, probable, unlike, ""))
    rows += [(file_name(image.source), "", "", "", image.error) for image in scenes.damaged]
    return _csv(IMAGE_COLUMNS, rows)


def objects_csv(scenes: Scenes) -> str:
    """Makes a table of objects, a row an object.

    Args:
        scenes: what was found. Images without objects and damaged ones have no row.

    Returns:
        CSV with the columns `OBJECT_COLUMNS`. `source` is as in `to_csv`; `object` is the object's
        number in its image, from 1, as in `label_image`; the sides of its box are in pixels, and
        `area` is that of its mask or, if it has none, of its box, in pixels.
    """
    rows = [
        (
            file_name(scene.source),
            number,
            *rounded([thing.presence], 4),
            *rounded(thing.box, 2),
            thing.mask.area if thing.mask else box_area(thing.box),
        )
        for scene in scenes
        for number, thing in enumerate(scene.objects, 1)
    ]
    return _csv(OBJECT_COLUMNS, rows)


def file_name(source: str) -> str:
    """The name of the file that an image came from, with its number in it: `x.npz[3]`."""
    return os.path.basename(source)


def box_area(box: tuple[float, float, float, float]) -> float:
    """The area of a box (x0, y0, x1, y1), to 2 decimals."""
    x0, y0, x1, y1 = box
    return rounded([(x1 - x0) * (y1 - y0)], 2)[0]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return "".join(f"{_line(row)}\n" for row in (columns, *rows))


def _line(row: Sequence[Any]) -> str:
    # The writer quotes the characters that end its lines: both, so that no name is cut at either.
    text, end = io.StringIO(), "\r\n"
    cells = [_harmless(cell) if isinstance(cell, str) else cell for cell in row]
    csv.writer(text, lineterminator=end).writerow(cells)
    return text.getvalue().removesuffix(end)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
