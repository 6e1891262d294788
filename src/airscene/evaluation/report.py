"""The report of a run: one HTML file that needs nothing else to be read."""

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image

# Keys of the evaluation, what the reader sees, and how the number is written.
_HEADLINES = (
    ("count_accuracy", "counts right, held-out scenes", "{:.2%}"),
    ("average_precision", "average precision of boxes at IoU 0.5", "{:.3f}"),
    ("mean_iou", "mean IoU of boxes with the ink", "{:.3f}"),
    ("calibration_error", "calibration error of the counts", "{:.4f}"),
    ("sure_and_wrong", "of counts with a probability above 0.99 are wrong", "{:.2%}"),
    ("elbo", "nats: lower bound on log p(x)", "{:.1f}"),
    ("log_px", "nats: importance-weighted log p(x)", "{:.1f}"),
    ("types_accuracy", "sets of types right, held-out scenes", "{:.2%}"),
    ("identity_accuracy", "types of matched objects right", "{:.2%}"),
    ("position_error", "median position error, of the table's width", "{:.2%}"),
    ("camera_error", "median error of the camera", "{:.1f}\N{DEGREE SIGN}"),
)
# The same of keys that end with the type of an object.
_OF_TYPE = ("rotation_error_", "median rotation error, {}", "{:.1f}\N{DEGREE SIGN}")
# Keys of the metrics, what the reader sees, the unit and its size.
_CURVES = (
    ("count_accuracy", "Counts right on held-out scenes", "%", 100),
    ("objective", "Lower bound on log p(x), in nats, as trained: annealed at first", "", 1),
    ("mean_count", "Mean count on held-out scenes", "", 1),
    ("bound", "Lower bound on held-out scenes, in nats, with the noise and blur of the end", "", 1),
)
_MOST_POINTS = 300

_STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1a1a1a; --soft: #666; --card: #f3f4f6;
  --line: #2b6cb0; }
@media (prefers-color-scheme: dark) { :root { --page: #16181c; --text: #e8e8e8; --soft: #a0a4ab;
  --card: #22262d; --line: #7db4f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 56rem; padding: 1rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.numbers, .curves { display: grid; gap: .75rem; padding: 0; margin: 1rem 0; }
.numbers { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }
.curves { grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.numbers div { background: var(--card); border-radius: .5rem; padding: .6rem .8rem;
  display: flex; flex-direction: column-reverse; justify-content: flex-end; }
dt, figcaption { color: var(--soft); font-size: .9rem; line-height: 1.35; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
figure { margin: 0 0 1.5rem; overflow-x: auto; }
figcaption { margin-top: .4rem; max-width: 44rem; }
img { display: block; max-width: 100%; height: auto; border-radius: .25rem; }
.wide { min-width: 36rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
details { margin: .75rem 0; }
pre { background: var(--card); border-radius: .5rem; padding: .8rem; overflow-x: auto;
  font-size: .85rem; }
"""


def html_report(
    title: str,
    config: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    evaluation: Mapping[str, Any],
    figures: Mapping[str, bytes],
) -> str:
    """A run as one HTML page: its numbers, curves, figures and configuration.

    Whatever a run does not have, the page leaves out.

    Args:
        title: the heading, such as the name of the run.
        config: what `config.json` holds.
        metrics: the lines of `metrics.jsonl`; `step` with `count_accuracy`, `objective`,
            `mean_count` or `bound` make curves.
        evaluation: results as `json.dumps` can write them; the numbers among `count_accuracy`,
            `average_precision`, `mean_iou`, `calibration_error`, `elbo` and `log_px`, and the
            errors of 3-D scenes, are headlines.
        figures: the content of PNG and GIF files by caption, in the order to show them.
    """
    labels = "here from labels" if config.get("labels") else "without labels"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Attend, Infer, Repeat: a model that learns, {labels}, how many objects an image "
        "has, where each one is, what it looks like, and how to draw it again.</p>",
        _numbers(evaluation),
        _curves(metrics),
        "<h2>Pictures</h2>" if figures else "",
        *(_figure(caption, data) for caption, data in figures.items()),
        _folded("All results", evaluation),
        _folded("Configuration", config),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _numbers(evaluation: Mapping[str, Any]) -> str:
    start, of_type, degrees = _OF_TYPE
    turned = [key for key in evaluation if key.startswith(start)]
    headlines = [(key, of_type.format(key.removeprefix(start)), degrees) for key in turned]
    cards = [
        f"<div><dt>{escape(label)}</dt><dd>{style.format(evaluation[key])}</dd></div>"
        for key, label, style in (*_HEADLINES, *headlines)
        if _is_number(evaluation.get(key))
    ]
    return f'<dl class="numbers">{"".join(cards)}</dl>' if cards else ""


def _curves(metrics: Sequence[Mapping[str, Any]]) -> str:
    charts = []
    for key, label, unit, scale in _CURVES:
        points = [
            (float(row["step"]), float(scale * row[key]))
            for row in metrics
            if _is_number(row.get(key))
        ]
        if len(points) > 1:
            chart = _chart(points, unit, label)
            charts.append(f"<figure>{chart}<figcaption>{label}, by step</figcaption></figure>")
    return f'<h2>Training</h2><div class="curves">{"".join(charts)}</div>' if charts else ""


def _chart(points: Sequence[tuple[float, float]], unit: str, label: str) -> str:
    """A line chart as SVG, in the colours of the page."""
    stride = math.ceil(len(points) / _MOST_POINTS)
    points = [*points[: len(points) - 1 : stride], points[-1]]
    x_ticks = _ticks([x for x, _ in points])
    y_ticks = _ticks([y for _, y in points])
    left, right, top, bottom = 52, 336, 10, 176

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        up = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return left + across * (right - left), bottom - up * (bottom - top)

    lines, names = [], []
    for x in x_ticks:
        place = at(x, y_ticks[0])[0]
        names.append(f'<text x="{place:.1f}" y="194" text-anchor="middle">{x:,g}</text>')
    for y in y_ticks:
        place = at(x_ticks[0], y)[1]
        lines.append(f"M{left} {place:.1f}H{right}")
        names.append(f'<text x="46" y="{place + 4:.1f}" text-anchor="end">{y:,g}{unit}</text>')
    path = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in points)
    return (
        f'<svg viewBox="0 0 360 200" role="img" aria-label="{label}">'
        f'<path d="{"".join(lines)}" stroke="var(--soft)" stroke-opacity=".3"/>{"".join(names)}'
        f'<polyline points="{path}" fill="none" stroke="var(--line)" stroke-width="2"/></svg>'
    )


def _ticks(values: Sequence[float]) -> list[float]:
    """Three to seven round numbers, equally far apart, that enclose the values."""
    low, high = min(values), max(values)
    spread = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-6)
    unit = 10.0 ** math.floor(math.log10(spread))
    step = next(s for s in (0.2 * unit, 0.5 * unit, unit, 2 * unit) if spread / s <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    # Rounding takes away the 0.30000000000000004 of multiples of a tenth.
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def _figure(caption: str, data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        (width, height), kind = image.size, (image.format or "").lower()
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    text = escape(caption)
    # On a phone, a wide picture scrolls rather than shrinks to nothing.
    wide = ' class="wide"' if width > 640 else ""
    return (
        f'<figure><img{wide} src="{uri}" width="{width}" height="{height}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _folded(summary: str, content: Mapping[str, Any]) -> str:
    if not content:
        return ""
    text = escape(json.dumps(content, indent=2, ensure_ascii=False))
    return f"<details><summary>{summary}</summary><pre>{text}</pre></details>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
