"""Scenes on a table seen from above: the true objects, and those inferred laid over them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from airscene.evaluation.figures.picture import Picture, rounded
from airscene.evaluation.figures.plots import new_axes, plotted

# A form for each type, so that identity is seen without colour.
_FORMS = ("o", "s", "D", "^", "v", "P", "*", "X")
# The true objects large and below, the inferred ones small and above, in colours that stay apart
# for every kind of sight: name, colour, size, face, width of the camera's line.
_SIDES = (("true", "black", 11, "none", 3), ("inferred", "#d55e00", 6, "#d55e00", 2))


def top_view(
    types: Sequence[str],
    round_types: Sequence[bool],
    true: tuple[Int[np.ndarray, "n slots"], Float[np.ndarray, "n slots 3"]],
    found: tuple[Int[np.ndarray, "n slots"], Float[np.ndarray, "n slots 3"]],
    cameras: tuple[Float[np.ndarray, "n cameras"], Float[np.ndarray, "n cameras"]],
) -> Picture:
    """One panel a scene: true objects and the camera, and those inferred over them.

    An object is a form for its type, with a line in the direction that it is turned to unless it
    looks the same from all sides. The camera is a line from beyond the table, where it is inferred.

    Args:
        types: names of the types.
        round_types: whether each looks the same from all sides.
        true: types (-1 where absent) and poses: x, y in half-widths, rotation in radians.
        found: the same, as inferred.
        cameras: true and inferred angles of the camera, in radians from its middle, which is below
            the panel; of no numbers if it is fixed.

    Source: Eslami et al. 2016, Fig. 7 (left).
    """
    n = len(true[0])
    columns = min(4, n)
    rows = -(-n // columns)
    axes = new_axes(rows, columns, (2.0 * columns, 2.0 * rows + 0.4))
    for scene, panel in enumerate(axes):
        panel.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
        panel.set_visible(scene < n)
    shown = {}
    for (name, colour, size, face, width), (kinds, poses), angles in zip(
        _SIDES, (true, found), cameras, strict=True
    ):
        for scene, slot in np.argwhere(kinds >= 0).tolist():
            x, y, turn = poses[scene, slot]
            form = {"marker": _FORMS[kinds[scene, slot] % len(_FORMS)], "markersize": size}
            axes[scene].plot(x, y, color=colour, markerfacecolor=face, **form)
            if not round_types[kinds[scene, slot]]:
                way = 0.35 * np.array([np.cos(turn), np.sin(turn)])
                axes[scene].plot([x, x + way[0]], [y, y + way[1]], color=colour, linewidth=1)
        for scene, angle in enumerate(angles[:, 0] if angles.shape[1] else ()):
            away = np.array([np.sin(angle), -np.cos(angle)])
            axes[scene].plot(*np.outer(away, (1.25, 1.6)), color=colour, linewidth=width)
        axes[0].plot([], [], "o", color=colour, markerfacecolor=face, label=name)
        shown[name] = {
            "types": kinds.tolist(),
            "poses": [rounded(scene, 4) for scene in poses],
            "camera": [rounded(scene, 4) for scene in angles],
        }
    for kind, name in enumerate(types):
        axes[0].plot([], [], _FORMS[kind % len(_FORMS)], color="grey", label=name)
    legend = {"loc": "outside lower center", "ncols": 2 + len(types), "fontsize": 8}
    axes[0].figure.legend(**legend)
    return plotted(axes[0], "top_view", types=list(types), **shown)
