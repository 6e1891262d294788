"""The gallery of the home page: every bundled model, and how well its recipe does."""

import json
import statistics
from pathlib import Path

from airscene.paper.result import Row, Rows, numbers, of_run

# Of each bundled model: a figure of docs/figures, what it is, what result its scores are of, and
# the shape of the figure.
_WIDE = "wide two-rows"
_GALLERY = {
    "multi-mnist": ("multi-mnist-learning.gif", "AIR, up to two digits", "multi-mnist", ""),
    "multi-mnist-robust": (
        "stress.png",
        "AIR, digits on even grounds, in noise, faint, smaller and larger",
        "stress",
        "wide",
    ),
    "multi-mnist-dair": ("multi-mnist-dair-learning.gif", "DAIR, up to two digits", "dair", ""),
    "sprites": ("sprites-learning.gif", "AIR, up to two shapes, which may overlap", "sprites", ""),
    "sprites-dair": ("sprites-dair-learning.gif", "DAIR, the same shapes", "sprites", ""),
    "omniglot": ("omniglot.png", "AIR, a character in up to four pieces", "omniglot", "wide"),
    "single-object": (
        "single-object.png",
        "a cube, a sphere, a cylinder or nothing",
        "single-object",
        _WIDE,
    ),
    "tabletop": (
        "refinement.png",
        "up to three cups, pans and plates",
        "tabletop",
        "wide three-rows",
    ),
    "tabletop-camera": (
        "tabletop-camera.png",
        "the same, and where the camera is",
        "tabletop-camera",
        _WIDE,
    ),
}

# Scores of the gallery, where a model has them.
_SCORES = {
    "count_accuracy": "{:.2%} of counts right",
    "clean": "{:.2%} of counts right on plain scenes",
    "together": "{:.2%} on scenes changed in all of that",
    "average_precision": "average precision of boxes {:.3f}",
    "identity_accuracy": "{:.2%} of types right",
    "position_error": "places off by {:.2%} of the table's width",
    "camera_error": "camera off by {:.2f} degrees",
    "rank_correlation": "rank correlation of pieces with pen strokes {:.2f}",
}
_REFINED = {
    "refined_position_error": "places off by {:.2%}",
    "refined_turned_right": "{:.1%} of objects turned right",
}


def gallery(results: Path) -> str:
    """The bundled models for the documentation's first page, with scores of a folder of results."""
    refined = rows_of(results, "refinement")
    shown = []
    for name, (figure, about, result, shape) in _GALLERY.items():
        scores = _scores(of_run(rows_of(results, result), name), _SCORES)
        if of_run(refined, name):
            scores += f"; refined by rendering: {_scores(of_run(refined, name), _REFINED)}"
        opening = f'<div class="{shape}" markdown>' if shape else "<div markdown>"
        shown.append(
            f"{opening}\n\n![{about}](figures/{figure})\n\n"
            f"**{name}**, {about}: {scores}. `airscene infer {name} IMAGE`\n\n</div>"
        )
    return "\n\n".join(['<div class="gallery" markdown>', *shown, "</div>"])


def rows_of(results: Path, name: str, key: str = "runs") -> list[Row]:
    """Return the rows of a result in a folder, failed ones too; none if it is not made yet."""
    path = results / f"{name}.json"
    return json.loads(path.read_text())[key] if path.exists() else []


def _scores(rows: Rows, styles: dict[str, str]) -> str:
    found = {key: numbers(rows, key) for key in styles}
    said = [styles[key].format(statistics.median(v)) for key, v in found.items() if v]
    failed = sum(not row["finished"] for row in rows)
    runs = f"{len(rows)} run{'s' if len(rows) > 1 else ''}{f', {failed} failed' if failed else ''}"
    return f"{', '.join(said)} ({runs})" if said else "not made yet"
