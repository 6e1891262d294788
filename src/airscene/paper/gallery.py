"""The gallery of the home page: every bundled model, and how well its recipe does."""

import json
import statistics
from pathlib import Path

from airscene.paper.result import Row, numbers, of_run

# A bundled model; the file that has its recipe's runs; a picture in docs/figures and its class in
# docs/style.css; what it infers.
_MODELS = (
    ("multi-mnist", "multi-mnist", "multi-mnist-learning.gif", "", "AIR, up to two digits"),
    ("multi-mnist-dair", "dair", "multi-mnist-dair-learning.gif", "", "DAIR, up to two digits"),
    ("sprites", "sprites", "sprites-learning.gif", "", "AIR, up to two shapes, which may overlap"),
    ("sprites-dair", "sprites", "sprites-dair-learning.gif", "", "DAIR, the same shapes"),
    ("omniglot", "omniglot", "omniglot.png", "wide", "AIR, a character in up to four pieces"),
    (
        "single-object",
        "single-object",
        "single-object.png",
        "wide two-rows",
        "a cube, a sphere, a cylinder or nothing",
    ),
    (
        "tabletop",
        "tabletop",
        "refinement.png",
        "wide three-rows",
        "up to three cups, pans and plates",
    ),
    (
        "tabletop-camera",
        "tabletop-camera",
        "tabletop-camera.png",
        "wide two-rows",
        "the same, and where the camera is",
    ),
)
_SCORES = {
    "count_accuracy": "{:.2%} of counts right",
    "average_precision": "average precision of boxes {:.3f}",
    "rank_correlation": "rank correlation of pieces with pen strokes {:.2f}",
    "identity_accuracy": "{:.2%} of types right",
    "position_error": "places off by {:.2%} of the table's width",
    "camera_error": "camera off by {:.2f} degrees",
}
_REFINED = {
    "refined_position_error": "places off by {:.2%}",
    "refined_turned_right": "{:.1%} of objects turned right",
}


def gallery(results: Path) -> str:
    """A card of every bundled model: its picture, and the scores of its recipe, medians over runs.

    Args:
        results: Folder of the result files.

    Returns:
        Markdown, for a page in `docs/`.
    """
    cards = []
    for model, file, picture, shape, about in _MODELS:
        said = _said(results / f"{file}.json", model, _SCORES)
        if refined := _said(results / "refinement.json", model, _REFINED):
            said += f"; refined by rendering: {refined}"
        kind = f' class="{shape}"' if shape else ""
        cards.append(
            f"<div{kind} markdown>\n\n![{about}](figures/{picture})\n\n"
            f"**{model}**, {about}: {said}.\n\n</div>"
        )
    return '<div class="gallery" markdown>\n\n' + "\n\n".join(cards) + "\n\n</div>"


def _said(path: Path, run: str, scores: dict[str, str]) -> str:
    """The scores of one run's rows in words; nothing where there are none."""
    rows: list[Row] = of_run(json.loads(path.read_text())["runs"], run) if path.exists() else []
    said = [
        style.format(statistics.median(values))
        for key, style in scores.items()
        if (values := numbers(rows, key))
    ]
    return f"{', '.join(said)} ({len(rows)} run{'s' * (len(rows) > 1)})" if said else ""
