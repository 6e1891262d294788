"""Directions of several runs, each group of runs on a circle of its own."""

from collections.abc import Mapping, Sequence

import numpy as np

from airscene.evaluation.figures.picture import Picture
from airscene.evaluation.figures.plots import new_axes, plotted


def directions(groups: Mapping[str, Sequence[float]]) -> Picture:
    """Directions in the image, an arrow for each run, a circle for each group of runs.

    Args:
        groups: for each group the angles of its runs, in radians from the x axis towards the y
            axis, which points down, as in images.
    """
    panels = new_axes(1, len(groups), (2.6 * len(groups), 2.8))
    around = np.linspace(0.0, 2.0 * np.pi, 200)
    for axes, (name, angles) in zip(panels, groups.items(), strict=True):
        axes.plot(np.cos(around), np.sin(around), color="grey", linewidth=0.8)
        for angle in angles:
            tip = (np.cos(angle), np.sin(angle))
            axes.annotate("", tip, (0.0, 0.0), arrowprops={"arrowstyle": "->", "color": "#2b6cb0"})
        axes.set(xlim=(-1.15, 1.15), ylim=(1.15, -1.15), aspect="equal", xticks=[], yticks=[])
        axes.set_title(f"{name}\n{len(angles)} seeds", fontsize=8)
        axes.set_frame_on(False)
    shown = {name: [round(float(a), 3) for a in angles] for name, angles in groups.items()}
    return plotted(panels[0], "directions", angles=shown)
