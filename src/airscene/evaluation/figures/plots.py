"""Plots of numbers: count accuracy over training, calibration, confusion, bars."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from airscene.evaluation.figures.picture import Picture, png, rounded
from airscene.evaluation.metrics.scenes import Calibration

_BLUE = "#2b6cb0"
# Colours that stay apart for every kind of sight (Okabe and Ito 2008).
TRUE_AND_FOUND = ("black", "#d55e00")
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")


@dataclass(frozen=True, eq=False)
class Curve:
    """Count accuracy over one training run.

    Args:
        seed: the seed of the run.
        steps: the training steps at which accuracy was measured.
        accuracy: the count accuracy on held-out scenes, in [0, 1].
    """

    seed: int
    steps: Int[np.ndarray, "t"]
    values: Float[np.ndarray, "t"]


def learning_curve(curves: Sequence[Curve]) -> Picture:
    """Count accuracy over training: a thin line for each seed, and their median where shared.

    Args:
        curves: one for each run.

    Returns:
        The plot.

    Source: Eslami et al. 2016, Fig. 3 (right, above).
    """
    axes = _axes()
    _draw_seeds(axes, curves)
    axes.set(ylabel="count accuracy, held-out scenes", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    shown = [
        {"seed": c.seed, "steps": c.steps.tolist(), "count_accuracy": rounded(c.values, 4)}
        for c in curves
    ]
    return Picture(_png(axes), {"figure": "learning_curve", "curves": shown})


def objective_curve(curves: Sequence[Curve]) -> Picture:
    """What training raises, over training: a thin line for each seed, and their median.

    The axis begins at the median over the first tenth of the runs, as what comes before is far
    below.

    Args:
        curves: one for each run.

    Returns:
        The plot.

    Source: Eslami et al. 2016, appendix H, Fig. 11.
    """
    axes = _axes()
    _draw_seeds(axes, curves)
    early = [curve.values[: max(1, len(curve.values) // 10)] for curve in curves]
    axes.set(ylabel="bound in training, nats (annealed at first)")
    axes.set_ylim(bottom=float(np.median(np.concatenate(early))))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    shown = [
        {"seed": c.seed, "steps": c.steps.tolist(), "objective": rounded(c.values, 1)}
        for c in curves
    ]
    return Picture(_png(axes), {"figure": "objective_curve", "curves": shown})


def _draw_seeds(axes, curves: Sequence[Curve]) -> None:
    """Draw a line for each seed, and the median where they have steps in common."""
    several = len(curves) > 1
    for curve in curves:
        axes.plot(
            curve.steps,
            curve.values,
            color=_BLUE,
            linewidth=0.8 if several else 1.6,
            alpha=0.5 if several else 1,
        )
    if several:
        steps = sorted(set.intersection(*(set(curve.steps.tolist()) for curve in curves)))
        shared = [curve.values[np.isin(curve.steps, steps)] for curve in curves]
        axes.plot(steps, np.median(shared, axis=0), color="black", linewidth=1.6)
        axes.set_title(f"{len(curves)} seeds (blue) and their median (black)", fontsize=9)
    axes.set(xlabel="training step")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.3)


def calibration(bins: Calibration) -> Picture:
    """How often the inferred count is right, by the probability that the model gave it.

    Args:
        bins: what `count_calibration` returns.

    Returns:
        The plot: a point for each bin that is not empty, with its number of images.
    """
    axes = _axes()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    used = bins.number > 0
    x, y = bins.confidence[used], bins.accuracy[used]
    axes.plot(x, y, color=_BLUE, marker="o", linestyle="none")
    for point, number in zip(zip(x, y, strict=True), bins.number[used], strict=True):
        below = {"xytext": (0, -15), "textcoords": "offset points", "ha": "center"}
        axes.annotate(f"{number:,}", point, fontsize=8, **below)
    axes.set_title(f"expected calibration error {bins.error:.4f}", fontsize=9)
    axes.set(
        xlabel="probability of the inferred count",
        ylabel="share that is right",
        xlim=(-0.03, 1.06),
        ylim=(-0.09, 1.06),
    )
    axes.grid(alpha=0.3)
    shown = {
        "confidence": rounded(bins.confidence, 4),
        "accuracy": rounded(bins.accuracy, 4),
        "number": bins.number.tolist(),
        "error": round(bins.error, 5),
    }
    return Picture(_png(axes), {"figure": "calibration", **shown})


def confusion(table: Int[np.ndarray, "true inferred"]) -> Picture:
    """How many images of each true count got each inferred count.

    Args:
        table: what `count_confusion` returns.

    Returns:
        The plot: shades are shares of the row, numbers are images.
    """
    axes = _axes()
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (true, inferred), number in np.ndenumerate(table):
        colour = "white" if shares[true, inferred] > 0.5 else "black"
        axes.text(inferred, true, f"{number:,}", ha="center", va="center", color=colour)
    axes.set(
        xlabel="inferred count",
        ylabel="true count",
        xticks=range(table.shape[1]),
        yticks=range(table.shape[0]),
    )
    return Picture(_png(axes), {"figure": "confusion", "images": table.tolist()})


def bars(
    values: Mapping[str, Mapping[str, Sequence[float]]],
    label: str,
    *,
    errors: Mapping[str, Mapping[str, float]] | None = None,
    shares: bool = False,
    log: bool = False,
) -> Picture:
    """Numbers of several runs as groups of bars: the median, and a dot for each run.

    Args:
        values: for each group, for each of its bars, the numbers of the runs.
        label: what the numbers are.
        errors: for each group, for each of its bars, a standard error to draw.
        shares: whether they are shares in [0, 1], to be shown in per cent.
        log: whether the axis is logarithmic.

    Returns:
        The plot: bars of one name have one colour in all groups.
    """
    axes = _axes()
    names = list(dict.fromkeys(name for group in values.values() for name in group))
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        for place, (group_name, group) in enumerate(values.items()):
            if runs := group.get(name):
                x = place + (i - (len(names) - 1) / 2) * width
                label_once = name if place == _first(values, name) else None
                colour = _COLOURS[i % len(_COLOURS)]
                axes.bar(x, np.median(runs), 0.92 * width, color=colour, label=label_once)
                axes.plot([x] * len(runs), runs, "o", color="black", markersize=2.5)
                if errors:
                    axes.errorbar(x, np.median(runs), errors[group_name][name], color="black")
    axes.set_xticks(range(len(values)), values)
    axes.set(ylabel=label, yscale="log" if log else "linear")
    if shares:
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    # A wider legend would squeeze the plot.
    columns = min(4, len(names), max(1, 72 // max(map(len, names))))
    # Below the names of the groups, however many lines these have.
    lines = max(group.count("\n") for group in values)
    place = (0.5, -0.1 - 0.05 * lines)
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=place, ncols=columns)
    shown = {
        group: {k: list(map(float, v)) for k, v in each.items()} for group, each in values.items()
    }
    told = {"figure": "bars", "label": label, "values": shown}
    if errors:
        told["standard_errors"] = {group: dict(each) for group, each in errors.items()}
    return Picture(_png(axes), told)


def accuracy_curves(
    runs: Mapping[str, Sequence[tuple[Sequence[float], Sequence[float]]]], label: str
) -> Picture:
    """Count accuracy over training of several ways to train: a line for each run.

    Args:
        runs: for each way, for each of its runs, places on the axis and the accuracies there.
        label: what the axis is.

    Returns:
        The plot: the runs of one way have one colour.
    """
    axes = _axes()
    for i, (name, lines) in enumerate(runs.items()):
        for j, (x, accuracy) in enumerate(lines):
            colour = _COLOURS[i % len(_COLOURS)]
            axes.plot(x, accuracy, color=colour, linewidth=1.2, label=None if j else name)
    axes.set(xlabel=label, ylabel="count accuracy, held-out scenes", ylim=(0, 1.02))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    shown = {
        name: [{"x": list(map(float, x)), "count_accuracy": list(map(float, y))} for x, y in lines]
        for name, lines in runs.items()
    }
    return Picture(_png(axes), {"figure": "accuracy_curves", "label": label, "runs": shown})


def named_curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str
) -> Picture:
    """Numbers of one run, a line with a name and a colour for each.

    Args:
        lines: for each name, points (x, y).
        across: what the horizontal axis is.
        up: what the vertical axis is; it begins at 0.

    Returns:
        The plot.
    """
    axes = _axes()
    for (name, points), colour in zip(lines.items(), cycle(_COLOURS), strict=False):
        x, y = zip(*points, strict=True)
        # One point is no line: it would not be seen.
        axes.plot(x, y, color=colour, label=name, marker="o" if len(points) == 1 else None)
    axes.set(xlabel=across, ylabel=up)
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    shown = {name: [list(map(float, point)) for point in points] for name, points in lines.items()}
    return Picture(
        _png(axes), {"figure": "named_curves", "across": across, "up": up, "lines": shown}
    )


def _first(values: Mapping[str, Mapping[str, Any]], name: str) -> int:
    """Return the place of the first group that has a bar of this name."""
    return next(i for i, group in enumerate(values.values()) if group.get(name))


def _axes() -> Any:
    """Axes of a figure that no global state knows of."""
    from matplotlib.figure import Figure  # slow to import, and overlays do without it

    return Figure(figsize=(6, 4), dpi=100, layout="constrained").subplots()


def _png(axes: Any) -> bytes:
    return figure_png(axes.figure)


def figure_png(figure: Any) -> bytes:
    """A figure of Matplotlib as the content of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return png(np.asarray(Image.open(buffer).convert("RGB")))
