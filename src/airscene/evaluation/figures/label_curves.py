"""Accuracy against the number of labels, several methods beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from airscene.evaluation.figures.picture import Picture, rounded
from airscene.evaluation.figures.plots import _png

_COLOURS = ("#2b6cb0", "#c05621", "#6b46c1", "#2f855a")
_MARKERS = ("o", "s", "^", "D")


@dataclass(frozen=True)
class LabelCurve:
    """Accuracy of one method by the number of labelled scenes.

    Args:
        method: its name.
        sizes: the numbers of labelled scenes, rising.
        accuracies: for each of them the test accuracy of every seed, in [0, 1].
    """

    method: str
    sizes: Sequence[int]
    accuracies: Sequence[Sequence[float]]


def label_curves(panels: Mapping[str, Sequence[LabelCurve]]) -> Picture:
    """Accuracy by the number of labels: the median of the seeds, and a band over all of them.

    Args:
        panels: for each task, by its title, the curves of the methods in one order.

    Returns:
        The plot: a panel for each task.

    Source: Eslami et al. 2016, Fig. 5.
    """
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=(9, 4), dpi=100, layout="constrained")
    every = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, curves) in zip(every, panels.items(), strict=True):
        for curve, colour, marker in zip(curves, cycle(_COLOURS), cycle(_MARKERS), strict=False):
            median = [float(np.median(values)) for values in curve.accuracies]
            style = {"color": colour, "marker": marker, "markersize": 4}
            axes.plot(curve.sizes, median, label=curve.method, **style)
            low, high = ([f(values) for values in curve.accuracies] for f in (min, max))
            axes.fill_between(curve.sizes, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.set(xlabel="labelled scenes", xscale="log", ylim=(0, 1.02))
        axes.set_title(title, fontsize=9)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.grid(alpha=0.3)
    every[0].set(ylabel="accuracy on test scenes")
    every[-1].legend(loc="lower right", fontsize=8)
    shown = {
        title: [
            {
                "method": curve.method,
                "sizes": list(curve.sizes),
                "accuracies": [rounded(np.array(values), 4) for values in curve.accuracies],
            }
            for curve in curves
        ]
        for title, curves in panels.items()
    }
    return Picture(_png(every[0]), {"figure": "label_curves", "panels": shown})
