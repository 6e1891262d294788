"""Plots of numbers: accuracy over training and over labels, calibration, confusion, bars."""

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
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
# Of methods, each with its marker.
_METHODS = (
    ("#2b6cb0", "o"),
    ("#b83280", "v"),
    ("#c05621", "s"),
    ("#6b46c1", "^"),
    ("#2f855a", "D"),
)
_WHOLE, _SHARE = "{x:,.0f}", "{x:.0%}"


@dataclass(frozen=True, eq=False)
class Curve:
    """A number over one training run.

    Args:
        seed: the seed of the run.
        steps: the training steps at which it was measured.
        values: the number, such as the count accuracy on held-out scenes, in [0, 1].
    """

    seed: int
    steps: Int[np.ndarray, "t"]
    values: Float[np.ndarray, "t"]


def learning_curve(curves: Sequence[Curve]) -> Picture:
    """Count accuracy over training: a thin line for each run, and their median where shared.

    Source: Eslami et al. 2016, Fig. 3 (right, above).
    """
    axes, shown = _over_training(curves, "count_accuracy", 4)
    axes.set(ylabel="count accuracy, held-out scenes", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(_SHARE)
    return plotted(axes, "learning_curve", curves=shown)


def objective_curve(curves: Sequence[Curve]) -> Picture:
    """What training raises, over training: a thin line for each run, and their median.

    The axis begins at the median over the first tenth of the runs, as what comes before is far
    below.

    Source: Eslami et al. 2016, appendix H, Fig. 11.
    """
    axes, shown = _over_training(curves, "objective", 1)
    early = [curve.values[: max(1, len(curve.values) // 10)] for curve in curves]
    axes.set(ylabel="bound in training, nats (annealed at first)")
    axes.set_ylim(bottom=float(np.median(np.concatenate(early))))
    axes.yaxis.set_major_formatter(_WHOLE)
    return plotted(axes, "objective_curve", curves=shown)


def _over_training(curves: Sequence[Curve], name: str, decimals: int) -> tuple[Any, Any]:
    """Axes with a line for each seed and the median at steps in common; the same in numbers."""
    (axes,) = new_axes()
    several = len(curves) > 1
    style = {"linewidth": 0.8, "alpha": 0.5} if several else {"linewidth": 1.6}
    shown = []
    for curve in curves:
        axes.plot(curve.steps, curve.values, color=_BLUE, **style)
        numbers = {"steps": curve.steps.tolist(), name: rounded(curve.values, decimals)}
        shown.append({"seed": curve.seed, **numbers})
    if several:
        steps = sorted(set.intersection(*(set(curve.steps.tolist()) for curve in curves)))
        shared = [curve.values[np.isin(curve.steps, steps)] for curve in curves]
        axes.plot(steps, np.median(shared, axis=0), color="black", linewidth=1.6)
        axes.set_title(f"{len(curves)} seeds (blue) and their median (black)", fontsize=9)
    axes.set(xlabel="training step")
    axes.xaxis.set_major_formatter(_WHOLE)
    axes.grid(alpha=0.3)
    return axes, shown


def calibration(bins: Calibration) -> Picture:
    """How often the inferred count is right, by the probability that the model gave it.

    A point for each bin of `count_calibration` that is not empty, with its number of images.
    """
    (axes,) = new_axes()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    used = bins.number > 0
    x, y = bins.confidence[used], bins.accuracy[used]
    axes.plot(x, y, color=_BLUE, marker="o", linestyle="none")
    for point, number in zip(zip(x, y, strict=True), bins.number[used], strict=True):
        below = {"xytext": (0, -15), "textcoords": "offset points", "ha": "center"}
        axes.annotate(f"{number:,}", point, fontsize=8, **below)
    axes.set_title(f"expected calibration error {bins.error:.4f}", fontsize=9)
    axes.set(xlabel="probability of the inferred count", ylabel="share that is right")
    axes.set(xlim=(-0.03, 1.06), ylim=(-0.09, 1.06))
    axes.grid(alpha=0.3)
    return plotted(
        axes,
        "calibration",
        confidence=rounded(bins.confidence, 4),
        accuracy=rounded(bins.accuracy, 4),
        number=bins.number.tolist(),
        error=round(bins.error, 5),
    )


def confusion(table: Int[np.ndarray, "true inferred"]) -> Picture:
    """How many images of each true count got each inferred count, as `count_confusion` has it.

    Shades are shares of the row, numbers are images.
    """
    (axes,) = new_axes()
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (true, inferred), number in np.ndenumerate(table):
        colour = "white" if shares[true, inferred] > 0.5 else "black"
        axes.text(inferred, true, f"{number:,}", ha="center", va="center", color=colour)
    axes.set(xlabel="inferred count", ylabel="true count")
    axes.set(xticks=range(table.shape[1]), yticks=range(table.shape[0]))
    return plotted(axes, "confusion", images=table.tolist())


def bars(
    values: Mapping[str, Mapping[str, Sequence[float]]],
    label: str,
    *,
    errors: Mapping[str, Mapping[str, float]] | None = None,
    shares: bool = False,
    log: bool = False,
) -> Picture:
    """Numbers of several runs as groups of bars: the median, and a dot for each run.

    Bars of one name have one colour in all groups.

    Args:
        values: for each group, for each of its bars, the numbers of the runs.
        label: what the numbers are.
        errors: for each group, for each of its bars, a standard error to draw.
        shares: whether they are shares in [0, 1], to be shown in per cent.
        log: whether the axis is logarithmic.
    """
    (axes,) = new_axes()
    names = list(dict.fromkeys(name for group in values.values() for name in group))
    width = 0.8 / len(names)
    for i, (name, colour) in enumerate(zip(names, cycle(_COLOURS), strict=False)):
        label_once = name
        for place, (group_name, group) in enumerate(values.items()):
            if runs := group.get(name):
                x = place + (i - (len(names) - 1) / 2) * width
                axes.bar(x, np.median(runs), 0.92 * width, color=colour, label=label_once)
                axes.plot([x] * len(runs), runs, "o", color="black", markersize=2.5)
                if errors:
                    axes.errorbar(x, np.median(runs), errors[group_name][name], color="black")
                label_once = None
    axes.set_xticks(range(len(values)), values)
    axes.set(ylabel=label, yscale="log" if log else "linear")
    if shares:
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(_SHARE)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    # A wider legend would squeeze the plot.
    columns = min(4, len(names), max(1, 72 // max(map(len, names))))
    # Below the names of the groups, however many lines these have.
    place = (0.5, -0.1 - 0.05 * max(group.count("\n") for group in values))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=place, ncols=columns)
    shown = {g: {k: [*map(float, v)] for k, v in each.items()} for g, each in values.items()}
    more = {"standard_errors": {group: dict(e) for group, e in errors.items()}} if errors else {}
    return plotted(axes, "bars", label=label, values=shown, **more)


def accuracy_curves(
    runs: Mapping[str, Sequence[tuple[Sequence[float], Sequence[float]]]], label: str
) -> Picture:
    """Count accuracy over training of several ways to train: a line for each run.

    The runs of one way have one colour.

    Args:
        runs: for each way, for each of its runs, places on the axis and the accuracies there.
        label: what the axis is.
    """
    (axes,) = new_axes()
    for (name, lines), colour in zip(runs.items(), cycle(_COLOURS), strict=False):
        for j, (x, accuracy) in enumerate(lines):
            axes.plot(x, accuracy, color=colour, linewidth=1.2, label=None if j else name)
    axes.set(xlabel=label, ylabel="count accuracy, held-out scenes", ylim=(0, 1.02))
    axes.xaxis.set_major_formatter(_WHOLE)
    axes.yaxis.set_major_formatter(_SHARE)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    shown = {
        name: [{"x": [*map(float, x)], "count_accuracy": [*map(float, y)]} for x, y in lines]
        for name, lines in runs.items()
    }
    return plotted(axes, "accuracy_curves", label=label, runs=shown)


def named_curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str
) -> Picture:
    """Numbers of one run, a line with a name and a colour for each.

    Args:
        lines: for each name, points (x, y).
        across: what the horizontal axis is.
        up: what the vertical axis is; it begins at 0.
    """
    (axes,) = new_axes()
    for (name, points), colour in zip(lines.items(), cycle(_COLOURS), strict=False):
        x, y = zip(*points, strict=True)
        # One point is no line: it would not be seen.
        axes.plot(x, y, color=colour, label=name, marker="o" if len(points) == 1 else None)
    axes.set(xlabel=across, ylabel=up)
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    shown = {name: [[*map(float, point)] for point in points] for name, points in lines.items()}
    return plotted(axes, "named_curves", across=across, up=up, lines=shown)


def label_curves(
    panels: Mapping[str, Mapping[str, tuple[Sequence[int], Sequence[Sequence[float]]]]],
) -> Picture:
    """Accuracy by the number of labels: the median of the seeds, and a band over all of them.

    Args:
        panels: for each task, by its title, and for each method, by its name, the numbers of
            labelled scenes, rising, and for each of them the test accuracy of every seed.

    Source: Eslami et al. 2016, Fig. 5.
    """
    every = new_axes(1, len(panels), (9.0, 4.0))
    for axes, (title, curves) in zip(every, panels.items(), strict=True):
        for (method, (sizes, seeds)), (colour, marker) in zip(
            curves.items(), cycle(_METHODS), strict=False
        ):
            low, middle, high = ([f(values) for values in seeds] for f in (min, np.median, max))
            axes.plot(sizes, middle, label=method, color=colour, marker=marker, markersize=4)
            axes.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.set(xlabel="labelled scenes", xscale="log", ylim=(0, 1.02))
        axes.set_title(title, fontsize=9)
        axes.xaxis.set_major_formatter(_WHOLE)
        axes.yaxis.set_major_formatter(_SHARE)
        axes.grid(alpha=0.3)
    every[0].set(ylabel="accuracy on test scenes")
    every[-1].legend(loc="lower right", fontsize=8)
    shown = {
        title: [
            {
                "method": method,
                "sizes": list(sizes),
                "accuracies": [rounded(np.array(a), 4) for a in seeds],
            }
            for method, (sizes, seeds) in curves.items()
        ]
        for title, curves in panels.items()
    }
    return plotted(every[0], "label_curves", panels=shown)


def new_axes(rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.0, 4.0)) -> list[Any]:
    """Axes in rows, of a figure of a size in inches that no global state knows of."""
    from matplotlib.figure import Figure  # slow to import, and overlays do without it

    figure = Figure(figsize=size, dpi=100, layout="constrained")
    return list(figure.subplots(rows, columns, squeeze=False).ravel())


def plotted(axes: Any, name: str, **shown: Any) -> Picture:
    """The figure of some axes as a picture, with its name and what it shows."""
    return Picture(_png(axes), {"figure": name, **shown})


def _png(axes: Any) -> bytes:
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png")
    return png(np.asarray(Image.open(buffer).convert("RGB")))
