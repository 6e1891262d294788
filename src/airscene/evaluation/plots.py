"""Plots of numbers: count accuracy over training, calibration, confusion, policies, speed."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from airscene.evaluation.metrics import Calibration
from airscene.evaluation.picture import Picture, png, rounded
from airscene.evaluation.policy import Foretold

_BLUE = "#2b6cb0"


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
    accuracy: Float[np.ndarray, "t"]


def learning_curve(curves: Sequence[Curve]) -> Picture:
    """Count accuracy over training: a thin line for each seed, and their median where shared.

    Args:
        curves: one for each run.

    Returns:
        The plot.

    Source: Eslami et al. 2016, Fig. 3 (right, above).
    """
    axes = _axes()
    several = len(curves) > 1
    for curve in curves:
        axes.plot(
            curve.steps,
            curve.accuracy,
            color=_BLUE,
            linewidth=0.8 if several else 1.6,
            alpha=0.5 if several else 1,
        )
    if several:
        steps = sorted(set.intersection(*(set(curve.steps.tolist()) for curve in curves)))
        shared = [curve.accuracy[np.isin(curve.steps, steps)] for curve in curves]
        axes.plot(steps, np.median(shared, axis=0), color="black", linewidth=1.6)
        axes.set_title(f"{len(curves)} seeds (blue) and their median (black)", fontsize=9)
    axes.set(xlabel="training step", ylabel="count accuracy, held-out scenes", ylim=(0, 1.02))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(alpha=0.3)
    shown = [
        {"seed": c.seed, "steps": c.steps.tolist(), "count_accuracy": rounded(c.accuracy, 4)}
        for c in curves
    ]
    return Picture(_png(axes), {"figure": "learning_curve", "curves": shown})


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


def foretold_bars(foretold: Mapping[int, Mapping[str, Foretold]]) -> Picture:
    """How often each group of features says which of two objects is taken first.

    Args:
        foretold: for each seed, by the name of the group.

    Returns:
        The plot: for each group a bar for each seed, with two standard errors; chance is dotted.
    """
    axes = _axes()
    groups = list(next(iter(foretold.values())))
    width = 0.8 / len(foretold)
    for i, (seed, rules) in enumerate(foretold.items()):
        places = np.arange(len(groups)) + (i + 0.5) * width - 0.4
        shares, errors = zip(*(rules[group] for group in groups), strict=True)
        bars = {"color": _BLUE, "alpha": 1 / (1 + i), "label": f"seed {seed}"}
        axes.bar(places, shares, 0.9 * width, yerr=2 * np.array(errors), **bars)
    axes.axhline(0.5, color="black", linestyle=":")
    names = [group.replace("_", "\n") for group in groups]
    axes.set_xticks(range(len(groups)), names)
    axes.set(ylim=(0, 1.02), ylabel="first of two objects foretold")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.figure.legend(loc="outside upper center", ncols=3, fontsize=8)
    shown = {
        str(seed): {group: rounded(np.array(rule), 4) for group, rule in rules.items()}
        for seed, rules in foretold.items()
    }
    return Picture(_png(axes), {"figure": "foretold_bars", "accuracy_and_error": shown})


def milliseconds_by_count(
    milliseconds: Mapping[str, Sequence[float]], counts: Sequence[int]
) -> Picture:
    """Time of inference against the number of objects in the image.

    Args:
        milliseconds: for each way, the time of an image with each number of objects.
        counts: the numbers of objects.

    Returns:
        The plot, its times on a logarithmic scale.
    """
    axes = _axes()
    for name, times in milliseconds.items():
        axes.plot(counts, times, marker="o", label=name)
    axes.set(xlabel="objects in the image", ylabel="milliseconds an image", yscale="log")
    axes.set_xticks(list(counts))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.figure.legend(loc="outside upper center", ncols=3, fontsize=8)
    times = {name: rounded(np.array(values), 4) for name, values in milliseconds.items()}
    shown = {"counts": list(counts), "milliseconds": times}
    return Picture(_png(axes), {"figure": "milliseconds_by_count", **shown})


def _axes() -> Any:
    """Axes of a figure that no global state knows of."""
    from matplotlib.figure import Figure  # slow to import, and overlays do without it

    return Figure(figsize=(6, 4), dpi=100, layout="constrained").subplots()


def _png(axes: Any) -> bytes:
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png")
    return png(np.asarray(Image.open(buffer).convert("RGB")))
